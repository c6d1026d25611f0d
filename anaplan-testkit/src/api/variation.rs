//! Responses that vary without being wrong, as those of real servers may at any time.

use serde_json::{Map, Value, json};

use crate::http::{Body, Response};
use crate::world::World;

/// Enum values that are known to be open. One that tells the end of a task stays: whoever cannot read it
/// would wait for ever.
const OPEN_ENUMS: [&str; 8] = [
    "creationMethod",
    "appliedMethod",
    "activeState",
    "revisionType",
    "actionType",
    "importType",
    "failureType",
    "taskState",
];
/// Objects whose keys are names of the tenant's: nothing is ever added to them.
const NAMED_BY_TENANTS: [&str; 4] = ["properties", "subsets", "differences", "totals"];

/// Varies the layout of a response and adds unknown fields and values, if the rules ask for it.
pub(crate) fn vary(world: &mut World, response: &mut Response) {
    let is_json = response
        .headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    let Body::Full(bytes) = &response.body else {
        return;
    };
    if !is_json {
        return;
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let (chance, untidy) = (world.rules.novelty_chance, world.rules.untidy);
    if world.rules.novelties && response.status.is_success() {
        add_novelties(&mut value, chance, &mut world.dice);
    }
    let mut text = String::new();
    if untidy {
        let style = Style {
            pretty: world.dice.bool(),
            colon: if world.dice.bool() { " : " } else { ":" },
        };
        write_untidily(&value, 0, style, &mut world.dice, &mut text);
    } else {
        text = value.to_string();
    }
    response.body = text.into_bytes().into();
}

fn add_novelties(value: &mut Value, chance: f64, dice: &mut fastrand::Rng) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if !(value.is_object() && NAMED_BY_TENANTS.contains(&key.as_str())) {
                    add_novelties(value, chance, dice);
                }
            }
            if dice.f64() < chance {
                map.insert("addedLater".into(), json!({ "nobody": ["knows", 1, null] }));
            }
            for key in OPEN_ENUMS {
                change(map, key, chance, dice);
            }
        }
        Value::Array(values) => {
            for value in values {
                add_novelties(value, chance, dice);
            }
        }
        _ => {}
    }
}

fn change(map: &mut Map<String, Value>, key: &str, chance: f64, dice: &mut fastrand::Rng) {
    let Some(value) = map.get_mut(key) else {
        return;
    };
    let is_end = matches!(value.as_str(), Some("COMPLETE" | "CANCELLED"));
    if !is_end && dice.f64() < chance {
        *value = json!("SOMETHING_NEW");
    }
}

#[derive(Clone, Copy)]
struct Style {
    /// A line for each key.
    pretty: bool,
    colon: &'static str,
}

/// Keys in any order, white space where it may stand.
fn write_untidily(
    value: &Value,
    depth: usize,
    style: Style,
    dice: &mut fastrand::Rng,
    out: &mut String,
) {
    let end = if style.pretty {
        format!("\n{}", " ".repeat(depth * 2))
    } else {
        String::new()
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            dice.shuffle(&mut entries);
            for (index, (key, value)) in entries.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "{" });
                if style.pretty {
                    out.push_str(&end);
                    out.push_str("  ");
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push_str(style.colon);
                write_untidily(value, depth + 1, style, dice, out);
            }
            out.push_str(&end);
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { " , " } else { " " });
                write_untidily(value, depth + 1, style, dice, out);
            }
            out.push_str(" ]");
        }
        plain => out.push_str(&plain.to_string()),
    }
}
