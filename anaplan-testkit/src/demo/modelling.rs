//! Lists, modules and cells of the demo's planning model.

use crate::demo::Demo;
use crate::world::{CellValue, Format, LINE_ITEMS, ListEdit, ModelEdit, TIME};

/// The three regions with their codes.
pub(crate) fn regions(mut list: ListEdit<'_>) -> [u64; 3] {
    [("North", "N"), ("South", "S"), ("West", "W")]
        .map(|(name, code)| list.item_with(name, |item| item.code = Some(code.into())))
}

pub(crate) fn build(edit: &mut ModelEdit<'_>, demo: &mut Demo) {
    let list = edit.list("Regions").production().top_level("World");
    let list = list
        .code("REG")
        .property("Manager", Format::Text)
        .property("Headroom", Format::Number)
        .subset("Coastal");
    demo.list = list.id();
    let [north, south, west] = regions(list);
    demo.child_list = edit.list("Stores").production().parent(demo.list).id();
    demo.empty_list = edit.list("Campaigns").production().id();
    demo.numbered_list = edit
        .list("Deals")
        .production()
        .numbered()
        .property("Amount", Format::Number)
        .id();
    let mut products = edit.list("Product Lines");
    let bicycles = products.item_with("Bicycles", |item| item.code = Some("BIC".into()));
    products.item_with("Helmets", |item| item.code = Some("HEL".into()));
    demo.structural_list = products.id();

    sales(edit, demo, [north, south, west]);
    sales_by_product(edit, demo, north, bicycles);
    monthly_plan(edit, demo);
    demo.set_current_period = "2025-03-31".into();
    demo.fiscal_year = "FY26".into();
}

fn sales(edit: &mut ModelEdit<'_>, demo: &mut Demo, [north, south, west]: [u64; 3]) {
    let list = demo.list;
    let mut sales = edit.module("Sales", [list]);
    demo.module = sales.id();
    let volume = sales.add_line_item("Volume", Format::Number).code("VOL");
    let volume = volume.id();
    let price = sales.add_line_item("Price", Format::Number);
    let price = price.summary("None").id();
    sales
        .add_line_item("Revenue", Format::Number)
        .formula("Volume * Price");
    for (name, format) in [
        ("Comment", Format::Text),
        ("Approved", Format::Boolean),
        ("Launch", Format::Date),
        ("Lead Region", Format::List(list)),
        ("Review", Format::TimePeriod("MONTH".into())),
    ] {
        sales.add_line_item(name, format);
    }
    sales
        .add_line_item("Currency Rate", Format::Number)
        .applies_to([])
        .summary("None");
    demo.view = sales.view("Volume by Region", [list], [LINE_ITEMS], []);
    demo.line_item = volume;
    demo.cell_dimensions = vec![(list, north)];
    demo.readback_row = "North".into();
    demo.readback_column = "Volume".into();
    for (region, amount) in [(north, 120.0), (south, 80.0), (west, 64.6)] {
        edit.cell(volume, [region], CellValue::Number(amount));
        edit.cell(price, [region], CellValue::Number(400.0));
    }
}

fn sales_by_product(edit: &mut ModelEdit<'_>, demo: &mut Demo, north: u64, bicycles: u64) {
    let (regions, products) = (demo.list, demo.structural_list);
    let mut module = edit.module("Sales by Product", [regions, products]);
    let units = module.add_line_item("Units", Format::Number).id();
    module.add_line_item("Discount", Format::Number).id();
    demo.page_view = module.view("One Product", [regions], [LINE_ITEMS], [products]);
    edit.cell(units, [north, bicycles], CellValue::Number(12.0));
}

fn monthly_plan(edit: &mut ModelEdit<'_>, demo: &mut Demo) {
    let mut plan = edit.module("Monthly Plan", [demo.list, TIME]);
    plan.add_line_item("Plan", Format::Number);
    demo.time_view = plan.view("Plan by Month", [demo.list], [TIME], [LINE_ITEMS]);
}
