//! Streams a list of 1,000,000 items, raw and item by item, and says what that costs the client.
//!
//! `cargo run --release --example list_memory [ITEMS]`, on Linux. Needs no credentials: the fake runs in
//! a process of its own, so that its memory does not count. The client's memory must not grow by more
//! than 64 MiB, or the program fails. Without `--release` it takes many times as long.

#![allow(clippy::print_stdout)]

mod measuring;

use std::error::Error;

use anaplan::transactional::Transactional;
use anaplan_testkit::FakeAnaplan;
use measuring::{Figures, ServerProcess, client, measure, serve};

const ITEMS: &str = "1000000";
const MOST_GROWTH: u64 = 64 << 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve_list(arguments[1].parse()?).await,
        Some(form @ ("raw" | "typed")) => read(form, &arguments[1..]).await,
        items => {
            let server = ServerProcess::start(&["serve", items.unwrap_or(ITEMS)])?;
            server.measured_by(&["raw"])?;
            server.measured_by(&["typed"])
        }
    }
}

async fn serve_list(items: usize) -> Result<(), Box<dyn Error>> {
    let fake = FakeAnaplan::in_process();
    let model = fake.demo().dev;
    let list = fake.world(|world| {
        let mut edit = world.edit(&model);
        let mut list = edit.list("Transactions").production();
        for number in 1..=items {
            list.item_with(format!("Transaction {number}"), |item| {
                item.code = Some(format!("T-{number:07}"));
            });
        }
        list.id()
    });
    serve(fake, &format!("{list} {items}")).await
}

async fn read(form: &str, told: &[String]) -> Result<(), Box<dyn Error>> {
    let [.., list, items] = told else {
        return Err("not started by this program".into());
    };
    let (list, items): (u64, u64) = (list.parse()?, items.parse()?);
    let model = client(told)?.transactional()?;
    // Signing in is no part of it.
    model.get_lists().await?;

    let (outcome, figures) = match form {
        "raw" => measure(raw(&model, list)).await?,
        _ => measure(typed(&model, list)).await?,
    };
    let (count, unit) = outcome?;
    if form == "typed" && count != items {
        return Err(format!("{count} items have come, and {items} are there").into());
    }
    let rate = items as f64 / figures.seconds;
    println!("{form:5} {figures}  {rate:9.0} items/s  ({count} {unit})");
    let Figures { growth, .. } = figures;
    match growth <= MOST_GROWTH {
        true => Ok(()),
        false => Err(format!("{growth} bytes more memory").into()),
    }
}

/// The bytes as the server sends them.
async fn raw(model: &Transactional, list: u64) -> anaplan::Result<(u64, &'static str)> {
    let mut stream = model.get_list_items_json(list).stream().await?;
    let mut bytes = 0;
    while let Some(chunk) = stream.chunk().await {
        bytes += chunk?.len() as u64;
    }
    Ok((bytes, "bytes"))
}

/// One `ListItem` after the other.
async fn typed(model: &Transactional, list: u64) -> anaplan::Result<(u64, &'static str)> {
    let mut items = model.stream_list_items(list);
    let mut count = 0;
    while let Some(item) = items.next_item().await {
        item?;
        count += 1;
    }
    Ok((count, "items"))
}
