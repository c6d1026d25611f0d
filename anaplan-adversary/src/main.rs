#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anaplan_adversary::{report, run, table};

const HELP: &str = "\
Attacks the SDK with a hostile server and prints what came of it.

Usage: anaplan-adversary [OPTIONS]

  --filter TEXT    only cases whose id contains TEXT; can be given several times
  --share N/M      only share N (from 1) of M of the table
  --seed N         another division into shares
  --threads N      threads (default 2)
  --list           print the ids and run nothing
  --verbose        print every violating case with its requests
  --all            with --verbose: print every case
";

#[derive(Default)]
struct Options {
    filters: Vec<String>,
    share: Option<(usize, usize)>,
    seed: usize,
    threads: usize,
    list: bool,
    verbose: bool,
    all: bool,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        threads: 2,
        ..Options::default()
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        let number = |text: &str| text.parse().map_err(|_| format!("{text} is not a number"));
        match word.as_str() {
            "--filter" => options.filters.push(value()?),
            "--share" => {
                let text = value()?;
                let (part, of) = text.split_once('/').ok_or("--share needs N/M")?;
                options.share = Some((number(part)?, number(of)?));
            }
            "--seed" => options.seed = number(&value()?)?,
            "--threads" => options.threads = number(&value()?)?,
            "--list" => options.list = true,
            "--verbose" => options.verbose = true,
            "--all" => options.all = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("unknown option {other}")),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let mut cases = table::all();
    if let Some((part, of)) = options.share {
        cases = table::share(cases, part + options.seed, of);
    }
    let wanted = |id: &str| options.filters.iter().all(|filter| id.contains(filter));
    cases.retain(|case| wanted(&case.to_string()));
    if options.list {
        for case in &cases {
            println!("{case}");
        }
        println!("{} cases", cases.len());
        return ExitCode::SUCCESS;
    }
    run::collect_panics();
    let total = cases.len();
    let terminal = std::io::stderr().is_terminal();
    let ran = run::run_all(cases, options.threads, &|index| {
        if terminal && index % 500 == 0 {
            let _ = write!(std::io::stderr(), "\r{index} of {total} ");
        }
    });
    if options.verbose {
        print!("{}", report::details(&ran));
        if options.all {
            for one in ran.iter().filter(|one| one.verdict.violations.is_empty()) {
                print!("{}\n{}", one.case, one.story);
            }
        }
    }
    print!("{}", report::table(&ran));
    if ran.len() < total {
        println!("{} cases did not finish", total - ran.len());
        return ExitCode::FAILURE;
    }
    match report::violating(&ran).next() {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    }
}
