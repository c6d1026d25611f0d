//! Tests of the journal.

use super::*;

fn ended(reason: &str) -> JournalEvent {
    JournalEvent::LeftOffline {
        reason: reason.to_owned(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn filled() -> Journal {
    let journal = Journal::in_memory();
    for second in 0..4 {
        let target = ModelId::new(format!("M{second}"));
        journal
            .append(at(second), Some(&target), ended("umlauts: äöü\nand lines"))
            .unwrap();
    }
    journal
}

fn parse(text: &str) -> Result<Journal> {
    Journal::with_storage(text, NoStorage)
}

#[test]
fn lines_survive_a_round_trip() {
    let journal = filled();
    let text = journal.text();
    assert_eq!(text.lines().count(), 4);
    let read = parse(&text).unwrap();
    assert_eq!(read.lines(), journal.lines());
    assert_eq!(read.text(), text);
    assert!(read.warnings().is_empty());
}

#[test]
fn torn_last_line_is_dropped_with_a_warning() {
    let text = filled().text();
    let complete = text.trim_end().rfind('\n').unwrap() + 1;
    for end in complete + 1..text.len() {
        if !text.is_char_boundary(end) {
            continue;
        }
        let read = parse(&text[..end]).unwrap();
        assert_eq!(read.lines().len(), 3, "{end}");
        assert_eq!(read.warnings().len(), 1, "{end}");
        // The chain continues after the last complete line.
        read.append(at(9), None, ended("later")).unwrap();
        assert_eq!(parse(&read.text()).unwrap().lines().len(), 4);
    }
}

#[test]
fn changed_missing_and_swapped_lines_are_errors() {
    let text = filled().text();
    let lines: Vec<&str> = text.lines().collect();
    let join = |lines: &[&str]| lines.join("\n") + "\n";
    let damaged = [
        text.replacen("umlauts", "accents", 1),
        join(&[lines[0], lines[2], lines[3]]),
        join(&[lines[1], lines[2], lines[3]]),
        join(&[lines[0], lines[2], lines[1], lines[3]]),
        text.replacen("{\"n\":2", "{\"n\":", 1),
        format!("\n{text}"),
        format!("{text}{{\"n\":5}}\n"),
    ];
    for text in damaged {
        let error = parse(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
    }
}

#[test]
fn line_that_cannot_be_written_is_not_part_of_the_journal() {
    struct Full;

    impl JournalStorage for Full {
        fn append(&mut self, _line: &str) -> std::io::Result<()> {
            Err(std::io::Error::other("no space left on device"))
        }
    }

    let journal = Journal::with_storage("", Full).unwrap();
    let error = journal.append(at(0), None, ended("x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("no space left"), "{error}");
    assert!(journal.is_empty() && journal.text().is_empty());
}

#[test]
fn file_is_locked_while_it_is_open_and_repaired_when_it_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run").join("journal.jsonl");
    let journal = Journal::open(&path).unwrap();
    journal.append(at(0), None, ended("first")).unwrap();
    let error = Journal::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(Journal::read(&path).unwrap().lines().len(), 1);
    drop(journal);

    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"n\":2,\"at\"");
    std::fs::write(&path, &text).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.warnings().len(), 1);
    journal.append(at(1), None, ended("second")).unwrap();
    drop(journal);
    let read = Journal::read(&path).unwrap();
    assert_eq!(read.lines().len(), 2);
    assert!(read.append(at(2), None, ended("third")).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), read.text());
}
