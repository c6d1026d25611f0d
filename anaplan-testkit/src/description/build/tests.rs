use serde_json::json;

use super::*;

fn build(description: &serde_json::Value) -> Result<(World, Demo)> {
    let now = "2025-01-01T00:00:00Z".parse().unwrap();
    World::from_description(&description.to_string(), now)
}

fn family() -> serde_json::Value {
    json!({
        "workspaces": ["Planning", "Archive"],
        "users": [
            { "email": "eve@x.example", "password": "e" },
            { "email": "ada@x.example", "password": "a", "admin_of": ["Planning", "Archive"] },
        ],
        "models": [
            {
                "name": "Sales",
                "workspace": "Planning",
                "steps": [
                    { "list": { "name": "Countries", "items": ["Norway"] } },
                    { "list": {
                        "name": "Cities", "parent": "Countries", "production": true,
                        "items": [{ "name": "Oslo", "code": "OSL", "parent": "Norway" }],
                    } },
                    { "revision": "Baseline" },
                    { "module": {
                        "name": "Volumes", "dimensions": ["Cities"],
                        "line_items": [
                            { "name": "Volume" },
                            { "name": "Home", "format": { "list": "Countries" } },
                        ],
                    } },
                ],
                "roles": { "eve@x.example": "Planner" },
            },
            {
                "name": "Sales PROD",
                "workspace": "Archive",
                "from": { "model": "Sales", "revision": "Baseline" },
                "state": "production",
                "sync_fails": true,
                "closed": true,
            },
        ],
        "card": { "limited": "eve@x.example", "models": { "prod": "Sales PROD" } },
    })
}

#[test]
fn a_family_of_models_comes_out_as_it_is_described() {
    let (world, card) = build(&family()).unwrap();
    let (dev, prod) = (
        world.model(&card.dev).unwrap(),
        world.model(&card.prod).unwrap(),
    );
    assert!(world.has_structural_change(&card.dev) && !world.has_structural_change(&card.prod));
    let [countries, cities] = &dev.structure.lists[..] else {
        panic!("two lists")
    };
    assert_eq!(cities.parent, Some(countries.id));
    let oslo = dev.items[&cities.id].by_name("Oslo").unwrap();
    let norway = dev.items[&countries.id].by_name("Norway").unwrap();
    assert_eq!(
        (oslo.code.as_deref(), oslo.parent),
        (Some("OSL"), Some(norway.id))
    );
    let home = &dev.structure.modules[0].line_items[1];
    assert_eq!(home.format, Format::List(countries.id));
    assert_eq!(prod.state, ModelState::Production);
    assert_eq!(prod.open, OpenState::Closed);
    assert!(prod.has_revision(&dev.latest().unwrap().revision));
    assert_eq!(card.admin.user, "ada@x.example");
    assert_eq!(card.limited.password, "e");
    assert!(dev.users.contains_key(&card.limited.id));
    assert_eq!(card.workspace, dev.workspace);
}

#[test]
fn nothing_at_all_is_a_world_too() {
    let (world, card) = build(&json!({})).unwrap();
    assert!(world.models().is_empty() && card.dev.as_str().is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let told = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut description = family();
        change(&mut description);
        build(&description).unwrap_err().to_string()
    };
    assert_eq!(
        told(&|all| all["models"][0]["steps"][3]["module"]["dimensions"] = json!(["Towns"])),
        "in the model 'Sales': in the module 'Volumes': there is no list 'Towns'"
    );
    assert_eq!(
        told(&|all| all["models"][1]["from"]["revision"] = json!("Spring")),
        "in the model 'Sales PROD': there is no revision 'Spring'"
    );
    assert_eq!(
        told(&|all| all["models"][1]["name"] = json!("Sales")),
        "in the model 'Sales': there are two of the model 'Sales'"
    );
    assert_eq!(
        told(&|all| all["users"][0]["admin_of"] = json!(["Nowhere"])),
        "in the user 'eve@x.example': there is no workspace 'Nowhere'"
    );
    assert_eq!(
        told(&|all| all["card"]["models"] = json!({ "production": "Sales" })),
        "in the part 'card': there is no part 'production'"
    );
    assert!(told(&|all| all["user"] = json!([])).contains("unknown field `user`"));
}
