//! Files, imports, exports, actions and processes of the demo's dev model.

use crate::demo::Demo;
use crate::world::{Format, Selection, SortKey, World};

const REGIONS: &str = "Region,Code,Manager,Headroom\r\n\
    North,N,Mary Anning,12\r\n\
    East,E,\"Lovelace, Ada\",7.5\r\n\
    Central,C,Émilie du Châtelet,\"1,200\"\r\n";

const SALES: &str = "Region,Volume,Price,Comment\r\n\
    North,130,401.25,up on last year\r\n\
    S,75,389,\r\n\
    West,\"1,040\",59.9,\"bulk order, paid\"\r\n";

const BAD_SALES: &str = "Region,Volume,Approved\r\n\
    North,210,true\r\n\
    Narnia,5,true\r\n\
    South,many,perhaps\r\n\
    West,1,maybe\r\n";

const COST_CENTRES: &str = "Name,Code,Closed\r\n\
    Marketing,4100,false\r\n\
    Engineering,4200,false\r\n\
    Fax Services,4999,true\r\n";

const BAD_COST_CENTRES: &str = "Name,Code,Closed\r\n\
    Research,4300,false\r\n\
    Telegraphy,,true\r\n";

/// Adds files, imports, exports, actions and processes to the dev model, which has its lists and its
/// module.
pub(crate) fn add(world: &mut World, demo: &mut Demo) {
    let (regions, sales) = (demo.list, demo.module);
    let (volume, dev) = (demo.line_item, demo.dev.clone());
    let line_item = |world: &World, name: &str| {
        let module = world
            .model(&dev)
            .and_then(|dev| dev.structure.module(sales));
        let line_items = module.into_iter().flat_map(|module| &module.line_items);
        line_items
            .filter(|line_item| line_item.name == name)
            .map(|line_item| line_item.id)
            .next()
            .unwrap_or_default()
    };
    let [price, comment, approved] =
        ["Price", "Comment", "Approved"].map(|name| line_item(world, name));

    let mut edit = world.edit(&demo.dev);
    let centres = edit
        .list("Cost Centres")
        .production()
        .property("Closed", Format::Boolean)
        .id();

    let columns = ["Region", "Code", "Manager", "Headroom"];
    demo.source_file = edit.file("regions.csv").columns(columns).id();
    demo.good_csv = REGIONS.into();
    demo.good_import = edit
        .import("Load Regions")
        .from_file(demo.source_file)
        .into_list(regions)
        .name_from("Region")
        .code_from("Code")
        .property_from("Manager", "Manager")
        .property_from("Headroom", "Headroom")
        .id();

    let columns = ["Region", "Volume", "Price", "Comment"];
    demo.sales_file = edit.file("sales.csv").columns(columns).id();
    demo.sales_csv = SALES.into();
    demo.sales_import = edit
        .import("Load Sales")
        .from_file(demo.sales_file)
        .into_module(sales)
        .dimension_from(regions, "Region")
        .line_item_from("Volume", volume)
        .line_item_from("Price", price)
        .line_item_from("Comment", comment)
        .id();

    let columns = ["Region", "Volume", "Approved"];
    demo.bad_source_file = edit.file("approvals.csv").columns(columns).id();
    demo.bad_csv = BAD_SALES.into();
    demo.bad_import = edit
        .import("Load Approvals")
        .from_file(demo.bad_source_file)
        .into_module(sales)
        .dimension_from(regions, "Region")
        .line_item_from("Volume", volume)
        .line_item_from("Approved", approved)
        .id();

    let columns = ["Name", "Code"];
    demo.empty_file = edit.file("campaigns.csv").columns(columns).id();
    let campaigns = edit
        .import("Load Campaigns")
        .from_file(demo.empty_file)
        .into_list(demo.empty_list)
        .name_from("Name")
        .code_from("Code")
        .id();

    let mut load_centres = |name: &str, content: &'static str| {
        let file = edit
            .file(format!("{}.csv", name.to_lowercase()))
            .columns(["Name", "Code", "Closed"])
            .default_content(content, true)
            .id();
        edit.import(format!("Load {name}"))
            .from_file(file)
            .into_list(centres)
            .name_from("Name")
            .code_from("Code")
            .property_from("Closed", "Closed")
            .id()
    };
    let good_centres = load_centres("Cost Centres", COST_CENTRES);
    let bad_centres = load_centres("New Cost Centres", BAD_COST_CENTRES);

    demo.export = edit.export("Sales").of_module(sales).id();
    demo.list_export = edit.export("Regions").of_list(regions).id();
    demo.action = edit
        .action("Sort Regions")
        .sorts(regions, SortKey::Name)
        .id();
    demo.delete_action = edit
        .action("Delete Closed Cost Centres")
        .deletes(centres, Selection::Property("Closed".into()))
        .id();
    demo.optimizer = edit.action("Optimize Prices").optimizes().id();
    edit.action("Open Sales Overview");
    demo.dashboard = edit.dashboard("Sales Overview");

    demo.process = edit
        .process("Nightly Load")
        .step(good_centres)
        .step(demo.action)
        .step(demo.export)
        .id();
    demo.bad_process = edit
        .process("Monthly Load")
        .step(bad_centres)
        .step(campaigns)
        .step(demo.action)
        .id();
}
