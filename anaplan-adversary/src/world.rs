//! The state of the hostile server, kept as a log of everything that was executed.
//!
//! State at any time is what the log says of that time, so that late effects need no timers: an entry
//! may lie in the future.

/// Milliseconds since the case began. Negative for what happened before.
pub type Millis = i64;

/// Who had it executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The caller under test.
    Caller,
    /// Another user of the tenant.
    Other,
    /// The caller, in an earlier run.
    Past,
}

/// What was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Work {
    /// A run or a sync; `parent` is the folder of its tasks.
    Task {
        parent: String,
        fails: bool,
    },
    Revision {
        name: String,
        description: String,
    },
    DeleteModels(Vec<String>),
    /// Items with a name or code, or without.
    Insert(Vec<Option<String>>),
    Cells,
    Announce(i64),
    Chunk(usize, Vec<u8>),
    Complete,
    /// The refresh token that was used.
    Refresh(String),
    SignIn,
    ReadRequest,
    Report,
}

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct Effect {
    /// When it is executed.
    pub at: Millis,
    /// From when on listings show it.
    pub visible: Millis,
    /// Who had it executed.
    pub by: Actor,
    /// The request it came from, from 0.
    pub attempt: usize,
    /// The id of what it made.
    pub id: String,
    /// What was executed.
    pub work: Work,
}

/// The log, and what it says of a time.
#[derive(Debug, Default)]
pub struct World {
    /// Every entry, in the order in which requests arrived.
    pub log: Vec<Effect>,
    next: u64,
}

/// Models that exist when a case begins.
pub const MODELS: [&str; 5] = [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA01",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA02",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA03",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA04",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA05",
];
/// The revision that a sync carries over.
pub const SOURCE_REVISION: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBB01";
/// The revision that the target of a sync has.
pub const TARGET_REVISION: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBB02";
/// The user id of the caller.
pub const CALLER: &str = "cccccccccccccccccccccccccccccc01";
/// The user id of the other user.
pub const OTHER: &str = "cccccccccccccccccccccccccccccc02";
/// Duration for which a task runs.
pub const TASK_TIME: Millis = 1500;
/// One day.
pub const DAY: Millis = 86_400_000;

impl World {
    /// A world with a past: one run, one sync, one revision, one file of three chunks.
    #[must_use]
    pub fn new(parent: &str) -> Self {
        let mut world = Self::default();
        for (at, by) in [(-DAY, Actor::Past), (-DAY / 2, Actor::Other)] {
            let work = Work::Task {
                parent: parent.to_owned(),
                fails: false,
            };
            world.add(at, by, 0, work);
        }
        world.add(-DAY, Actor::Past, 0, Work::Announce(3));
        for index in 0..3 {
            let content = vec![b'0' + u8::try_from(index).unwrap_or(0); 40];
            world.add(-DAY, Actor::Past, 0, Work::Chunk(index, content));
        }
        world
    }

    /// Enters an execution and returns its id.
    pub fn add(&mut self, at: Millis, by: Actor, attempt: usize, work: Work) -> String {
        let id = self.new_id();
        self.log.push(Effect {
            at,
            visible: at,
            by,
            attempt,
            id: id.clone(),
            work,
        });
        id
    }

    /// An id that nothing has.
    pub fn new_id(&mut self) -> String {
        self.next += 1;
        format!("{:032X}", 0xD000_0000_u64 + self.next)
    }

    /// What has been executed by `now`, in the order of execution.
    #[must_use]
    pub fn done(&self, now: Millis) -> Vec<&Effect> {
        let mut done: Vec<_> = self.log.iter().filter(|effect| effect.at <= now).collect();
        done.sort_by_key(|effect| effect.at);
        done
    }

    /// What the caller's requests executed, now or later.
    pub fn of_caller(&self) -> impl Iterator<Item = &Effect> {
        self.log.iter().filter(|effect| effect.by == Actor::Caller)
    }

    /// The models that are left.
    #[must_use]
    pub fn models(&self, now: Millis) -> Vec<&'static str> {
        let mut left = MODELS.to_vec();
        for effect in self.done(now) {
            if let Work::DeleteModels(ids) = &effect.work {
                left.retain(|model| !ids.iter().any(|id| id == model));
            }
        }
        left
    }

    /// The items of the list: name or code, and id.
    #[must_use]
    pub fn items(&self, now: Millis) -> Vec<(Option<String>, String)> {
        let mut items: Vec<(Option<String>, String)> = Vec::new();
        for effect in self.done(now) {
            let Work::Insert(names) = &effect.work else {
                continue;
            };
            for (index, name) in names.iter().enumerate() {
                if name.is_none() || !items.iter().any(|(known, _)| known == name) {
                    items.push((name.clone(), format!("2{}{index}", &effect.id[21..])));
                }
            }
        }
        items
    }

    /// The chunks of the file; `None` for one that was announced and has not arrived.
    #[must_use]
    pub fn chunks(&self, now: Millis) -> Vec<Option<Vec<u8>>> {
        let mut chunks: Vec<Option<Vec<u8>>> = Vec::new();
        for effect in self.done(now) {
            match &effect.work {
                Work::Announce(count) => {
                    chunks = vec![None; usize::try_from(*count).unwrap_or(0)];
                }
                Work::Chunk(index, bytes) => {
                    if *index >= chunks.len() {
                        chunks.resize(index + 1, None);
                    }
                    chunks[*index] = Some(bytes.clone());
                }
                _ => {}
            }
        }
        chunks
    }

    /// `true` if the latest announcement of unknown length was completed.
    #[must_use]
    pub fn is_complete(&self, now: Millis) -> bool {
        let mut complete = true;
        for effect in self.done(now) {
            match &effect.work {
                Work::Announce(count) => complete = *count >= 0,
                Work::Complete => complete = true,
                _ => {}
            }
        }
        complete
    }

    /// The content of the file.
    #[must_use]
    pub fn content(&self, now: Millis) -> Option<Vec<u8>> {
        if !self.is_complete(now) {
            return None;
        }
        let chunks: Option<Vec<_>> = self.chunks(now).into_iter().collect();
        chunks.map(|chunks| chunks.concat())
    }

    /// `true` if a sync has brought the source revision into the target.
    #[must_use]
    pub fn is_synced(&self, now: Millis) -> bool {
        self.log.iter().any(|effect| {
            let succeeds = matches!(&effect.work, Work::Task { parent, fails: false } if parent == "syncTasks");
            succeeds && effect.by == Actor::Caller && effect.at + TASK_TIME <= now
        })
    }
}

/// The values of a string key of a JSON text.
#[must_use]
pub fn strings(json: &str, key: &str) -> Vec<String> {
    let pattern = format!("\"{key}\":\"");
    json.split(&pattern)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

/// The value of a number key of a JSON text.
#[must_use]
pub fn integer(json: &str, key: &str) -> Option<i64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '-')
        .collect();
    digits.parse().ok()
}
