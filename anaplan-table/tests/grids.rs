//! Grids of views and exports.

#![allow(clippy::unwrap_used)]

use anaplan_table::{Grid, Result, TableError, TableErrorKind, TableFormat, read_rows};

type Rows = Vec<Vec<String>>;

fn read(text: &str, format: &TableFormat) -> Result<(Vec<String>, Vec<String>, Rows)> {
    let mut rows = read_rows::<Vec<String>, _>(text.as_bytes(), format.clone())?;
    let all: Rows = rows.by_ref().collect::<Result<_>>()?;
    let header = rows.header().map(|header| header.names().to_vec());
    Ok((header.unwrap_or_default(), rows.pages().to_vec(), all))
}

fn format(grid: Grid) -> TableFormat {
    TableFormat::default().with_layout(grid)
}

fn error(text: &str, grid: Grid) -> TableError {
    read(text, &format(grid)).unwrap_err()
}

#[test]
fn view_with_two_dimensions_on_each_axis_is_read_in_every_shape() {
    let text = "Budget,EUR\n,,Jan,Jan,Feb,Feb\n,,Units,Price,Units,Price\n\
                North,Pears,1,2,3,4\nSouth,Pears,5,6,7,8\n";
    let grid = Grid::view(
        ["Version", "Currency"],
        ["Region", "Product"],
        ["Time", "Line Items"],
    );
    let (header, pages, rows) = read(text, &format(grid.clone())).unwrap();
    assert_eq!(
        header,
        [
            "Region",
            "Product",
            "Jan / Units",
            "Jan / Price",
            "Feb / Units",
            "Feb / Price"
        ]
    );
    assert_eq!(pages, ["Budget", "EUR"]);
    assert_eq!(rows[1], ["South", "Pears", "5", "6", "7", "8"]);

    let (header, _, rows) = read(text, &format(grid.clone()).long()).unwrap();
    assert_eq!(
        header,
        [
            "Version",
            "Currency",
            "Region",
            "Product",
            "Time",
            "Line Items",
            "Value"
        ]
    );
    assert_eq!(rows.len(), 8);
    assert_eq!(
        rows[6],
        ["Budget", "EUR", "South", "Pears", "Feb", "Units", "7"]
    );

    let (header, _, rows) = read(text, &format(grid).wide()).unwrap();
    assert_eq!(
        header,
        [
            "Version", "Currency", "Region", "Product", "Time", "Units", "Price"
        ]
    );
    assert_eq!(rows.len(), 4);
    assert_eq!(
        rows[1],
        ["Budget", "EUR", "North", "Pears", "Feb", "3", "4"]
    );
}

#[test]
fn line_items_before_other_dimensions_are_wide_too() {
    let text = ",Units,Units,Price,Price\n,Jan,Feb,Jan,Feb\nNorth,1,2,3,4\n";
    let grid = Grid::view([""; 0], ["Region"], ["Line Items", "Time"]);
    let (header, pages, rows) = read(text, &format(grid).wide()).unwrap();
    assert_eq!(header, ["Region", "Time", "Units", "Price"]);
    assert!(pages.is_empty());
    assert_eq!(
        rows,
        [["North", "Jan", "1", "3"], ["North", "Feb", "2", "4"]]
    );
}

#[test]
fn all_pages_one_below_the_other_have_their_own_page_items() {
    let text =
        "Apple,UK\n,Jan,Feb\nUnits,1,2\nPrice,3,4\n\nPear,UK\n,Jan,Feb\nUnits,5,6\nPrice,7,8\n";
    let export = Grid::export(["", "Jan", "Feb"]).with_label_columns(1);
    let view = Grid::view(["Product", "Region"], ["Line Items"], ["Time"]);
    for grid in [export, view] {
        let (_, pages, rows) = read(text, &format(grid.clone().with_all_pages())).unwrap();
        assert_eq!(pages, ["Pear", "UK"]);
        assert_eq!(rows.len(), 4);
        let (_, _, rows) = read(text, &format(grid.with_all_pages()).long()).unwrap();
        assert_eq!(rows.len(), 8);
        assert_eq!(rows[3], ["Apple", "UK", "Price", "Feb", "4"]);
        assert_eq!(rows[4], ["Pear", "UK", "Units", "Jan", "5"]);
    }
}

#[test]
fn all_pages_with_page_items_in_columns_have_them_as_labels() {
    let text = ",,Jan,Feb\nApple,Units,1,2\nPear,Units,3,4\n";
    let grid = Grid::view(["Product"], ["Line Items"], ["Time"]).with_all_pages();
    let (header, pages, rows) = read(text, &format(grid.clone())).unwrap();
    assert_eq!(header, ["Product", "Line Items", "Jan", "Feb"]);
    assert!(pages.is_empty());
    assert_eq!(rows[1], ["Pear", "Units", "3", "4"]);
    let (_, _, rows) = read(text, &format(grid).long()).unwrap();
    assert_eq!(rows[3], ["Pear", "Units", "Feb", "4"]);
}

#[test]
fn grid_without_its_header_is_an_error_that_names_the_layout() {
    let names = Grid::export(["", "Jan", "Feb"]);
    for text in ["Apple\n,Jan,Mar\nUnits,1,2\n".to_owned(), "x\n".repeat(40)] {
        let error = error(&text, names.clone());
        assert_eq!(error.kind(), TableErrorKind::Header);
        assert!(error.to_string().contains("GRID_CURRENT_PAGE"), "{error}");
        assert!(error.to_string().contains("'Feb'"), "{error}");
    }
    let (header, _, rows) = read("", &format(names)).unwrap();
    assert!(header.is_empty() && rows.is_empty());
}

#[test]
fn grid_rows_of_another_width_are_an_error() {
    let grid = Grid::view(["Product"], ["Region"], ["Time"]);
    let error = error("Apple\n,Jan,Feb\nNorth,1\n", grid);
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Width, Some(3))
    );
}

#[test]
fn grid_shapes_that_cannot_be_made_are_rejected() {
    let unknown = format(Grid::export(["", "Jan"]));
    unknown.check().unwrap();
    assert_eq!(
        unknown.long().check().unwrap_err().kind(),
        TableErrorKind::Format
    );
    let two = format(Grid::view([""; 0], ["Line Items"], ["Time", "Version"]));
    assert!(two.clone().long().check().is_ok());
    assert!(two.wide().check().is_err());
    let twice = format(Grid::view([""; 0], ["Region"], ["Line Items", "Time"])).wide();
    let error = read(",Units,Units\n,Jan,Jan\nNorth,1,2\n", &twice).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::DuplicateColumn);
}
