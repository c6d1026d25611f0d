//! The table: runs its tests, prints it, and holds it against the page of the documentation.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::panic;
use std::process::ExitCode;

/// One line of the table.
pub(crate) struct Behaviour {
    /// Behaviours with one number belong together.
    pub(crate) number: u32,
    /// How well it is known: L of live services, D of the documentation, S, J, A of published clients, C of
    /// community descriptions, I inferred.
    pub(crate) evidence: &'static str,
    pub(crate) what: &'static str,
    pub(crate) name: &'static str,
    pub(crate) test: fn(),
}

/// `BEHAVIOURS` of a file, in the order of their numbers:
/// `number, evidence, what the fake does => the function that shows it`.
macro_rules! behaviours {
    ($($number:literal, $evidence:literal, $what:literal => $test:ident;)*) => {
        pub(crate) const BEHAVIOURS: &[$crate::table::Behaviour] = &[$($crate::table::Behaviour {
            number: $number,
            evidence: $evidence,
            what: $what,
            name: concat!(module_path!(), "::", stringify!($test)),
            test: $test,
        }),*];
    };
}
pub(crate) use behaviours;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/behaviours.md");
const HEAD: &str = "| # | behaviour | evidence | test |\n|---|---|---|---|\n";

impl Behaviour {
    fn name(&self) -> &str {
        self.name.trim_start_matches("behaviours::")
    }

    fn line(&self) -> String {
        let (number, evidence) = (self.number, self.evidence);
        format!(
            "| {number} | {} | {evidence} | `{}` |",
            self.what,
            self.name()
        )
    }
}

pub(crate) fn run(files: &[&[Behaviour]]) -> ExitCode {
    let mut behaviours: Vec<&Behaviour> = files.iter().copied().flatten().collect();
    behaviours.sort_by_key(|behaviour| behaviour.number);
    // Flags are for the usual harness, which this is not.
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();

    let (mut run, mut failed) = (0, 0);
    println!("\n| result | # | behaviour | evidence | test |\n|---|---|---|---|---|");
    for behaviour in &behaviours {
        let line = behaviour.line();
        if !words.iter().all(|word| line.contains(word.as_str())) {
            continue;
        }
        run += 1;
        let held = panic::catch_unwind(behaviour.test).is_ok();
        failed += usize::from(!held);
        println!("| {} {line}", if held { "ok" } else { "FAILED" });
    }
    let page_holds = !words.is_empty() || page_holds(&behaviours);
    println!("\n{run} behaviours, {failed} failed");
    if failed == 0 && page_holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the page has the same table; with `BLESS` set, it has afterwards.
fn page_holds(behaviours: &[&Behaviour]) -> bool {
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    let before = page.split(HEAD).next().unwrap_or_default();
    let mut table = String::new();
    for behaviour in behaviours {
        let _ = writeln!(table, "{}", behaviour.line());
    }
    let wanted = format!("{before}{HEAD}{table}");
    if wanted == page {
        return true;
    }
    if env::var_os("BLESS").is_some() {
        return fs::write(PAGE, wanted).is_ok();
    }
    println!("\nsrc/behaviours.md is not this table: run once with BLESS=1");
    false
}
