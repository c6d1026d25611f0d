//! The cells of a view.

use anaplan_core::ModelId;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::api::envelope::Failure;
use crate::api::transactional::{
    check_size, in_pieces, number, push_json, the_model, views, wants_escapes,
};
use crate::api::{Call, Reply};
use crate::world::{Grid, Layout, Table};

pub(crate) fn data(call: &Call<'_>, id: &ModelId, view: &str) -> Reply {
    let model = the_model(call, id)?;
    let view = views::readable(call, model, number(view)?)?;
    // Seen on a real tenant.
    if view.line_item.is_none() && view.module.line_items.is_empty() {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return Err(Failure::new(status, "Internal Server Error"));
    }
    let mut grid = call.world.grid(model, &view);
    select_pages(call, &mut grid)?;
    let as_json =
        call.request.asks_for("application/json") && call.request.param("format") == Some("v1");
    let layout = if as_json {
        Layout::Grid
    } else {
        layout(call, &grid)?
    };
    let size = cells(&grid, layout);
    check_size(call, size, "cells")?;
    if as_json {
        return Ok(in_pieces("application/json", size, json(grid)));
    }
    let table = Table::View(Box::new(grid), layout);
    let mut rows = table.rows();
    if let Some(text) = call.request.param("maxRows") {
        let most: usize = text
            .parse()
            .map_err(|_| Failure::bad("maxRows must be a whole number"))?;
        rows = rows.min(most);
    }
    let pieces = table.csv(0..rows, true, wants_escapes(call));
    Ok(in_pieces("text/csv", size, pieces))
}

fn cells(grid: &Grid, layout: Layout) -> usize {
    let axes = &grid.axes;
    let page = grid.size(&axes.rows) * grid.size(&axes.columns);
    match layout {
        Layout::Grid => page,
        _ => page * grid.size(&axes.pages),
    }
}

fn layout(call: &Call<'_>, grid: &Grid) -> Result<Layout, Failure> {
    let Some(text) = call.request.param("exportType") else {
        return Ok(Layout::Grid);
    };
    let layout = Layout::of_text(text)
        .ok_or_else(|| Failure::bad(format!("Invalid exportType [{text}]")))?;
    if layout.is_tabular() {
        let module = call
            .request
            .param("moduleId")
            .ok_or_else(|| Failure::bad("moduleId is required for a tabular exportType"))?;
        if module != grid.module.to_string() {
            return Err(Failure::bad(format!("Invalid moduleId [{module}]")));
        }
    }
    Ok(layout)
}

/// Reads `pages=101:5`, repeated or with commas.
fn select_pages(call: &Call<'_>, grid: &mut Grid) -> Result<(), Failure> {
    let given = call
        .request
        .query()
        .iter()
        .filter(|(name, _)| name == "pages");
    for selector in given.flat_map(|(_, value)| value.split(',')) {
        let invalid = |what: &str| Failure::bad(format!("Invalid page selector [{what}]"));
        let (dimension, item) = selector.split_once(':').ok_or_else(|| invalid(selector))?;
        let position = grid
            .axes
            .pages
            .iter()
            .position(|page| page.to_string() == dimension)
            .ok_or_else(|| invalid(dimension))?;
        let chosen = grid
            .members(grid.axes.pages[position])
            .and_then(|members| members.position(number(item).ok()?))
            .ok_or_else(|| invalid(item))?;
        grid.page[position] = chosen;
    }
    Ok(())
}

fn json(grid: Grid) -> impl Iterator<Item = Bytes> + Send + 'static {
    let page = grid.chosen_page();
    let columns: Vec<_> = (0..grid.size(&grid.axes.columns))
        .map(|number| grid.place(&grid.axes.columns, number))
        .collect();
    let mut head = String::from("{");
    if !page.is_empty() {
        head.push_str("\"pages\":");
        head.push_str(&Value::from(grid.labels(&page)).to_string());
        head.push(',');
    }
    head.push_str("\"columnCoordinates\":[");
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            head.push(',');
        }
        head.push_str(&Value::from(grid.labels(column)).to_string());
    }
    head.push_str("],\"rows\":[");
    let rows = grid.size(&grid.axes.rows);
    let mut next = 0;
    let body = std::iter::from_fn(move || {
        let mut text = String::new();
        while next < rows && text.len() < 32 * 1024 {
            let row = grid.place(&grid.axes.rows, next);
            text.push_str(if next > 0 { "," } else { "" });
            text.push_str("{\"rowCoordinates\":");
            text.push_str(&Value::from(grid.labels(&row)).to_string());
            text.push_str(",\"cells\":[");
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_json(&grid.cell([&page, &row, column]), &mut text);
            }
            text.push_str("]}");
            next += 1;
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    });
    std::iter::once(Bytes::from(head))
        .chain(body)
        .chain(std::iter::once(Bytes::from_static(b"]}")))
}
