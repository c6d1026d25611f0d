//! One ear for everything: the log of the whole process at its loudest, what was printed, and the
//! secrets that must be in neither.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing_subscriber::fmt::format::FmtSpan;

/// Shorter texts turn up anywhere by chance.
const SHORTEST: usize = 8;

/// What was said, each line once, and what must not be said. Cheap to clone.
#[derive(Clone, Default)]
pub struct Watch {
    said: Arc<Mutex<BTreeSet<String>>>,
    secrets: Arc<Mutex<BTreeMap<String, &'static str>>>,
}

impl Watch {
    /// The one of this process. Hears every target at the lowest level, from `tracing` and from `log`.
    pub fn global() -> Self {
        static GLOBAL: OnceLock<Watch> = OnceLock::new();
        let watch = GLOBAL.get_or_init(|| {
            let watch = Self::default();
            let writer = watch.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_span_events(FmtSpan::NEW)
                .without_time()
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            watch
        });
        watch.clone()
    }

    /// Notes a secret, whenever it becomes known.
    pub fn secret(&self, what: &'static str, value: &str) {
        let value = value.trim();
        assert!(
            value.len() >= SHORTEST,
            "{what} is too short to be searched for"
        );
        lock(&self.secrets).insert(value.to_owned(), what);
    }

    /// Prints a value in both ways.
    pub fn show(&self, what: &str, value: &dyn Debug) {
        self.say(&format!("{what}: {value:?}\n{value:#?}\n"));
    }

    /// Prints an error and all its causes, in all ways.
    pub fn show_error(&self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.say(&format!("{error}\n{error:?}\n{error:#?}\n"));
            next = error.source();
        }
    }

    pub fn say(&self, text: &str) {
        let mut said = lock(&self.said);
        said.extend(text.lines().map(str::to_owned));
    }

    /// Everything that was said so far.
    pub fn said(&self) -> String {
        let said: Vec<_> = lock(&self.said).iter().cloned().collect();
        said.join("\n")
    }

    /// The lines that give a secret away, in whatever spelling.
    pub fn leaks(&self) -> Vec<String> {
        let secrets = lock(&self.secrets).clone();
        let said = self.said();
        let spellings: Vec<_> = secrets
            .iter()
            .flat_map(|(secret, what)| spellings(secret).into_iter().map(move |s| (s, *what)))
            .collect();
        said.lines()
            .flat_map(|line| {
                spellings
                    .iter()
                    .filter(move |(spelling, _)| line.contains(spelling.as_str()))
                    .map(move |(_, what)| format!("{what} in: {line}"))
            })
            .collect()
    }

    /// # Panics
    ///
    /// When a secret was said, or nothing was there to be said.
    pub fn assert_silent(&self) {
        assert!(
            !lock(&self.secrets).is_empty(),
            "there is no secret to look for"
        );
        let leaks = self.leaks();
        assert!(
            leaks.is_empty(),
            "{} leaks:\n{}",
            leaks.len(),
            leaks.join("\n")
        );
    }
}

/// The same secret as people and programs write it.
fn spellings(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let listed: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let hex = |one: fn(&u8) -> String| bytes.iter().map(one).collect::<String>();
    BTreeSet::from([
        secret.to_owned(),
        secret.escape_debug().to_string(),
        // Without the last characters, which depend on what follows.
        STANDARD.encode(&bytes[..bytes.len() / 3 * 3]),
        listed.join(", "),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                char::from(*byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        }),
    ])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
