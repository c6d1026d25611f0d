//! Pages, sorting, searching, and the case of letters.

use serde_json::{Value, json};

use crate::ask::{Asker, of_dev};
use crate::support::Answer;
use crate::table::behaviours;

behaviours! {
    12, "L", "a page has 5,000 rows when nothing is asked for, and a larger limit is cut down silently"
        => pages_have_5000_rows;
    12, "L", "next is there while rows remain and repeats limit and offset; previous is there when the offset is not 0"
        => pages_lead_on_and_back;
    12, "L", "by a switch, next says 20 rows from 20 on when no limit was given, although every row is there"
        => next_can_be_bogus;
    13, "L", "models, users and workspaces are sorted by known fields with a sign in front, else 400 with the text of each mistake"
        => three_lists_are_sorted_strictly;
    13, "L", "what hangs under a model is sorted with or without a sign, and unknown fields change nothing"
        => other_lists_are_sorted_leniently;
    14, "L", "a search finds workspaces and users by a part of their names, in any case, with % for any run and _ for any character"
        => searches_know_wildcards;
    14, "L", "a search for models is heeded for tenant administrators, and ignored for everybody else"
        => models_are_searched_by_tenant_admins;
    15, "D L", "paths, ids and the names of parameters are case-sensitive: an id in the wrong case is 404"
        => case_matters;
    14, "A", "the workspaces and models of a user, and the users of a workspace and of a model, have listings of their own"
        => people_and_places_are_listed_together;
}

fn paging(answer: Answer) -> Value {
    answer.expect(200).json()["meta"]["paging"].clone()
}

fn pages_have_5000_rows() {
    let admin = Asker::admin();
    admin.fake.world(|world| {
        for number in 0..5_002 {
            world
                .add_user(format!("user.{number}@northwind.example"), "x")
                .id();
        }
    });
    let total = 5_002 + 4;
    for path in ["/2/0/users", "/2/0/users?limit=6000"] {
        let answer = admin.get(path).expect(200);
        assert_eq!(answer.json()["users"].as_array().unwrap().len(), 5_000);
        let paging = paging(answer);
        assert_eq!(paging["currentPageSize"], 5_000);
        assert_eq!(paging["totalSize"], total);
        assert_eq!(paging["offset"], 0);
    }
    let rest = paging(admin.get("/2/0/users?offset=5000"));
    assert_eq!(rest["currentPageSize"], 6);
}

fn pages_lead_on_and_back() {
    let admin = Asker::admin();
    let total = paging(admin.get("/2/0/models"))["totalSize"]
        .as_u64()
        .unwrap();
    let page = |limit: u64, offset: u64| {
        paging(admin.get(&format!("/2/0/models?limit={limit}&offset={offset}")))
    };
    let first = page(2, 0);
    assert_eq!(
        first["next"],
        "https://api.anaplan.com/2/0/models?limit=2&offset=2"
    );
    assert!(first.get("previous").is_none());
    let middle = page(2, 2);
    assert_eq!(
        middle["next"],
        "https://api.anaplan.com/2/0/models?limit=2&offset=4"
    );
    assert_eq!(
        middle["previous"],
        "https://api.anaplan.com/2/0/models?limit=2&offset=0"
    );
    let last = page(2, total - 1);
    assert_eq!(last["currentPageSize"], 1);
    assert!(last.get("next").is_none());
    let beyond = page(2, total + 5);
    assert_eq!(beyond["currentPageSize"], 0);
    assert!(beyond.get("next").is_none());
    assert!(page(total, 0).get("next").is_none());
}

fn next_can_be_bogus() {
    let admin = Asker::admin();
    admin.fake.world(|world| world.rules.bogus_next = true);
    let all = paging(admin.get("/2/0/models"));
    assert_eq!(all["currentPageSize"], all["totalSize"]);
    assert_eq!(
        all["next"],
        "https://api.anaplan.com/2/0/models?limit=20&offset=20"
    );
    assert!(
        paging(admin.get("/2/0/models?limit=100"))
            .get("next")
            .is_none()
    );
}

fn column(answer: Answer, list: &str, field: &str) -> Vec<String> {
    let rows = answer.expect(200).json()[list].as_array().unwrap().clone();
    rows.iter()
        .map(|row| row[field].as_str().unwrap().to_lowercase())
        .collect()
}

fn three_lists_are_sorted_strictly() {
    let admin = Asker::admin();
    for (list, field) in [
        ("models", "name"),
        ("users", "email"),
        ("workspaces", "name"),
    ] {
        let bare = admin.get(&format!("/2/0/{list}?sort={field}")).expect(400);
        assert_eq!(
            bare.message(),
            format!(
                "Bad sort order format: '{field}'. Please follow (-){{column_name_1}},(+){{column_name_2}}.. format"
            )
        );
        // A plus that is not encoded is a space.
        admin.get(&format!("/2/0/{list}?sort=+{field}")).expect(400);
        let unknown = admin
            .get(&format!("/2/0/{list}?sort=-shoeSize"))
            .expect(400);
        assert_eq!(unknown.message(), "Failed to parse sort parameter");
        let mut up = column(
            admin.get(&format!("/2/0/{list}?sort=%2B{field}")),
            list,
            field,
        );
        let down = column(
            admin.get(&format!("/2/0/{list}?sort=-{field}")),
            list,
            field,
        );
        assert!(up.is_sorted());
        up.reverse();
        assert_eq!(up, down);
    }
    for fields in ["%2BactiveState,-name", "-name"] {
        admin.get(&format!("/2/0/models?sort={fields}")).expect(200);
    }
    for field in ["firstName", "lastName", "active", "lastLoginDate"] {
        admin.get(&format!("/2/0/users?sort=-{field}")).expect(200);
    }
    admin.get("/2/0/users?sort=-emailAddress").expect(400);
    admin.get("/2/0/workspaces?sort=-sizeAllowance").expect(200);
}

fn other_lists_are_sorted_leniently() {
    let admin = Asker::admin();
    let (model, demo) = (of_dev(&admin), admin.fake.demo());
    for list in ["files", "actions", "imports", "exports", "processes"] {
        let sorted = |sort: &str, field| {
            column(
                admin.get(&format!("{model}/{list}?sort={sort}")),
                list,
                field,
            )
        };
        for up in ["name", "%2Bname"] {
            assert!(sorted(up, "name").is_sorted(), "{list}");
        }
        assert!(
            sorted("-name", "name").is_sorted_by(|a, b| a >= b),
            "{list}"
        );
        assert!(sorted("-id", "id").is_sorted_by(|a, b| a >= b), "{list}");
        let plain = column(admin.get(&format!("{model}/{list}")), list, "id");
        assert_eq!(sorted("-shoeSize", "id"), plain, "{list}");
    }
    let tasks = format!("{model}/actions/{}/tasks", demo.action);
    for _ in 0..4 {
        admin
            .post(&tasks, &json!({ "localeName": "en_US" }))
            .expect(200);
    }
    let sorted = |sort: &str| {
        column(
            admin.get(&format!("{tasks}?sort={sort}")),
            "tasks",
            "taskId",
        )
    };
    assert!(sorted("taskId").is_sorted());
    assert!(sorted("-taskId").is_sorted_by(|a, b| a >= b));
    assert_eq!(
        sorted("shoeSize"),
        column(admin.get(&tasks), "tasks", "taskId")
    );
}

fn searches_know_wildcards() {
    let admin = Asker::admin();
    admin.fake.world(|world| {
        for name in ["Supply Chain", "SUPPLIES"] {
            world.add_workspace(name);
        }
    });
    for (pattern, found) in [
        ("suppl", 2),
        ("Y%25n", 1),
        ("suppl_e", 1),
        ("northwind", 1),
        ("nowhere", 0),
    ] {
        let path = format!("/2/0/workspaces?s={pattern}");
        assert_eq!(
            column(admin.get(&path), "workspaces", "name").len(),
            found,
            "{pattern}"
        );
    }
    let users = column(admin.get("/2/0/users?s=HOPPER"), "users", "email");
    assert_eq!(users, [admin.fake.demo().second.user]);
}

fn models_are_searched_by_tenant_admins() {
    let admin = Asker::admin();
    let limited = Asker::signed_in(&admin.fake, &admin.fake.demo().limited);
    let names = |asker: &Asker, path: &str| column(asker.get(path), "models", "name");
    assert_eq!(names(&admin, "/2/0/models?s=scratch"), ["scratch pad"]);
    let all = names(&limited, "/2/0/models");
    assert!(all.len() > 1);
    assert_eq!(names(&limited, "/2/0/models?s=scratch"), all);
}

fn case_matters() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let (dev, workspace) = (demo.dev.to_string(), demo.workspace.to_string());
    for path in [
        format!("/2/0/models/{}", dev.to_lowercase()),
        format!("/2/0/models/{}/modules", dev.to_lowercase()),
        format!("/2/0/workspaces/{}", workspace.to_uppercase()),
        format!(
            "/2/0/workspaces/{}/models/{dev}/modules",
            workspace.to_uppercase()
        ),
        format!("/2/0/users/{}", demo.admin.id.as_str().to_uppercase()),
        format!("/2/0/Models/{dev}"),
        format!("/2/0/models/{dev}/LineItems"),
    ] {
        admin.get(&path).expect(404);
    }
    assert_eq!(paging(admin.get("/2/0/models?Limit=1"))["offset"], 0);
    assert!(paging(admin.get("/2/0/models?Limit=1"))["currentPageSize"].as_u64() > Some(1));
    let model = format!("/2/0/models/{dev}?");
    let details = |query: &str| {
        let body = admin.get(&format!("{model}{query}")).expect(200).json();
        body["model"].get("lastModified").is_some()
    };
    assert!(details("modelDetails=True") && !details("modeldetails=true"));
    let views = format!("/2/0/models/{dev}/views?");
    let count = |query: &str| column(admin.get(&format!("{views}{query}")), "views", "id").len();
    assert!(count("includesubsidiaryviews=true") > count("includesubsidiaryviews=True"));
    assert_eq!(count("includeSubsidiaryViews=true"), count(""));
}

fn people_and_places_are_listed_together() {
    let admin = Asker::admin();
    let (demo, me) = (admin.fake.demo(), admin.fake.admin().id);
    let count = |path: &str, key: &str| {
        admin.get(path).expect(200).json()[key]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        count(&format!("/2/0/users/{me}/workspaces"), "workspaces"),
        1
    );
    assert_eq!(count(&format!("/2/0/users/{me}/models"), "models"), 8);
    assert_eq!(
        count(
            &format!("/2/0/workspaces/{}/users", demo.workspace),
            "users"
        ),
        3
    );
    let in_dev = admin
        .get(&format!("/2/0/models/{}/users", demo.dev))
        .expect(200)
        .json();
    let emails: Vec<_> = in_dev["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["email"])
        .collect();
    assert_eq!(emails, [demo.limited.user.as_str()]);

    let outsider = demo.outsider.id;
    assert_eq!(count(&format!("/2/0/users/{outsider}/models"), "models"), 0);
    admin.get("/2/0/users/nobody/models").expect(404);
}
