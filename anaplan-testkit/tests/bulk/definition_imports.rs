use anaplan_testkit::world::{Format, ImportEdit, ModelState};
use serde_json::Value;

use crate::support::{Caller, both_forms, value};

/// An import of a new file into something: the file and the import.
fn import(caller: &Caller, target: impl FnOnce(ImportEdit<'_>) -> ImportEdit<'_>) -> (u64, String) {
    caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let file = edit.file("rows.csv").id();
        let id = target(edit.import("Load").from_file(file)).id();
        (file, format!("imports/{id}"))
    })
}

fn into_users(import: ImportEdit<'_>) -> ImportEdit<'_> {
    let import = import.into_users().email_from("Email");
    import.names_from("First", "Last").role_from("Role")
}

fn into_versions(import: ImportEdit<'_>) -> ImportEdit<'_> {
    let import = import.into_versions().name_from("Name");
    import.code_from("Code").notes_from("Notes")
}

fn kind(caller: &Caller, path: &str) -> Value {
    let list = caller.get("imports").expect(200).json();
    let mut imports = list["imports"].as_array().unwrap().iter();
    let id = path.trim_start_matches("imports/");
    imports.find(|import| import["id"] == id).unwrap()["importType"].clone()
}

fn codes(result: &Value) -> Vec<&str> {
    let details = result["details"].as_array().unwrap().iter();
    details
        .map(|detail| detail["type"].as_str().unwrap())
        .collect()
}

#[test]
fn users_are_created_renamed_and_given_roles() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let (file, path) = import(&caller, into_users);
        assert_eq!(kind(&caller, &path), "USERS");
        caller.upload(
            file,
            "Email,First,Last,Role\n\
             emmy.noether@northwind.example,Emmy,Noether,planner\n\
             ALAN.TURING@northwind.example,Alan M.,Turing,Planner\n\
             oscar.outsider@northwind.example,,,\n",
        );
        let result = caller.run(&path);
        assert_eq!(result["successful"], true);
        assert_eq!(result["failureDumpAvailable"], false);
        let detail = &result["details"][0];
        assert_eq!(detail["type"], "usersRowsProcessed");
        assert_eq!(value(detail, "successCreateCount"), "1");
        assert_eq!(value(detail, "successUpdateCount"), "1");
        assert_eq!(value(detail, "ignoredCount"), "1");
        caller.fake.world(|world| {
            let emmy = world
                .user_by_email("emmy.noether@northwind.example")
                .unwrap();
            assert_eq!(
                (emmy.first_name.as_str(), emmy.last_name.as_str()),
                ("Emmy", "Noether")
            );
            let alan = world
                .user_by_email("alan.turing@northwind.example")
                .unwrap();
            assert_eq!(alan.first_name, "Alan M.");
            let model = world.model(&demo.dev).unwrap();
            assert_eq!(model.users[&emmy.id], model.users[&alan.id]);
            assert!(!model.users.contains_key(&demo.outsider.id));
        });
        let again = caller.run(&path);
        assert_eq!(value(&again["details"][0], "ignoredCount"), "3");
        // Without a role the model is closed to them.
        let limited = caller.other(&demo.limited);
        limited.get("lists").expect(200);
        caller.upload(
            file,
            "Email,First,Last,Role\nalan.turing@northwind.example,,,No Access\n",
        );
        caller.run(&path);
        limited.get("lists").expect(404);
    }
}

#[test]
fn bad_users_are_told_apart_and_left_alone() {
    for caller in both_forms() {
        let (file, path) = import(&caller, into_users);
        caller.upload(
            file,
            "Email,First,Last,Role\n\
             nobody,No,Body,Planner\n\
             a@b.example,A,B,Emperor\n\
             c@d.example,C,D,Planner\n\
             C@d.example,C,D,No Access\n",
        );
        let users = |caller: &Caller| {
            let users = caller.send_raw(http::Method::GET, "users", None, bytes::Bytes::new());
            users.expect(200).json()["meta"]["paging"]["totalSize"]
                .as_u64()
                .unwrap()
        };
        let before = users(&caller);
        let task = caller.start(&path);
        let result = caller.follow(&task)["result"].clone();
        assert_eq!(result["successful"], true);
        assert_eq!(result["failureDumpAvailable"], true);
        assert_eq!(
            codes(&result),
            [
                "usersRowsProcessed",
                "usersImportConflictingRoles",
                "usersImportInvalidEmail",
                "usersImportInvalidRole",
            ]
        );
        assert_eq!(value(&result["details"][0], "failedCount"), "3");
        assert_eq!(users(&caller), before + 1);
        let dump = caller.get(&format!("{task}/dump")).expect(200).text();
        assert!(dump.contains("E,a@b.example,A,B,Emperor,3,"));
    }
}

#[test]
fn versions_are_created_and_changed() {
    for caller in both_forms() {
        let (file, path) = import(&caller, into_versions);
        assert_eq!(kind(&caller, &path), "VERSIONS");
        caller.upload(
            file,
            "Name,Code,Notes\n\
             Budget,BUD,the first one\n\
             forecast,FC,\n\
             ,,nothing\n",
        );
        let result = caller.run(&path);
        let detail = &result["details"][0];
        assert_eq!(detail["type"], "versionsRowsProcessed");
        assert_eq!(value(detail, "successCreateCount"), "1");
        assert_eq!(value(detail, "successUpdateCount"), "1");
        assert_eq!(value(detail, "failedCount"), "1");
        let versions = caller.get("versions").expect(200).json();
        let versions = versions["versionMetadata"].as_array().unwrap();
        let names: Vec<&Value> = versions.iter().map(|version| &version["name"]).collect();
        assert_eq!(names, ["Actual", "forecast", "Budget"]);
        assert_eq!(versions[2]["code"], "BUD");
        assert_eq!(versions[2]["notes"], "the first one");
        assert_eq!(versions[1]["isCurrent"], true);
        caller.upload(file, "Name,Code,Notes\nPlan,BUD,\nActual,FC,\n");
        let result = caller.run(&path);
        assert_eq!(
            codes(&result),
            ["versionsRowsProcessed", "hierarchyImportNameOrCodeExists"]
        );
        let versions = caller.get("versions").expect(200).json();
        assert_eq!(versions["versionMetadata"][2]["name"], "Plan");
    }
}

#[test]
fn line_items_are_created_and_changed_and_lose_cells_that_do_not_fit() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let (file, path) = import(&caller, |import| {
            let import = import.into_line_items(demo.module).name_from("Name");
            let import = import.code_from("Code").format_from("Format");
            import.formula_from("Formula").notes_from("Notes")
        });
        assert_eq!(kind(&caller, &path), "LINE_ITEM_DEFINITION");
        caller.upload(
            file,
            "Name,Code,Format,Formula,Notes\n\
             Margin,MAR,number,Revenue * 0.1,what is left\n\
             Owner,,Regions,,\n\
             Units,VOL,text,,\n\
             Broken,,Planets,,\n\
             ,,text,,\n",
        );
        let result = caller.run(&path);
        assert_eq!(
            codes(&result),
            [
                "lineItemRowsProcessedWithFailures",
                "moduleImportInvalidLineItemIdentifier",
                "moduleImportInvalidListIdentifier",
            ]
        );
        let detail = &result["details"][0];
        assert_eq!(value(detail, "moduleName"), "Sales");
        assert_eq!(value(detail, "successCreateCount"), "2");
        assert_eq!(value(detail, "successUpdateCount"), "1");
        caller.fake.world(|world| {
            let model = world.model(&demo.dev).unwrap();
            let items = &model.structure.module(demo.module).unwrap().line_items;
            let find = |name: &str| items.iter().find(|item| item.name == name).unwrap();
            assert_eq!(find("Margin").formula.as_deref(), Some("Revenue * 0.1"));
            assert_eq!(find("Margin").summary, "Sum");
            assert_eq!(find("Owner").format, Format::List(demo.list));
            assert_eq!(
                (find("Units").id, &find("Units").format),
                (demo.line_item, &Format::Text)
            );
            assert!(!model.cells.keys().any(|(item, _)| *item == demo.line_item));
            assert!(world.has_structural_change(&demo.dev));
        });
    }
}

#[test]
fn definitions_are_for_administrators_of_models_that_are_not_deployed() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let imports = [
        import(&caller, into_versions),
        import(&caller, |import| {
            import.into_line_items(demo.module).name_from("Name")
        }),
        import(&caller, into_users),
    ];
    let limited = caller.other(&demo.limited);
    let rows = "Name,Code,Notes,Email,First,Last,Role\nX,X,,x@y.example,,,Planner\n";
    let run = |caller: &Caller, (file, path): &(u64, String)| {
        caller.upload(*file, rows);
        let result = caller.run(path);
        let code = result["details"][0]["type"].as_str().unwrap().to_owned();
        (result["successful"] == true, code)
    };
    for import in &imports {
        assert_eq!(run(&limited, import), (false, "notAuthorised".into()));
    }
    caller
        .fake
        .world(|world| world.set_state(&demo.dev, ModelState::Production));
    assert_eq!(
        run(&caller, &imports[0]),
        (false, "importFailedGeneralError".into())
    );
    assert_eq!(
        run(&caller, &imports[1]),
        (false, "moduleImportFailed".into())
    );
    assert_eq!(
        run(&caller, &imports[2]),
        (true, "usersRowsProcessed".into())
    );
}

#[test]
fn an_import_without_its_columns_does_not_begin() {
    let caller = Caller::admin();
    for (file, path) in [
        import(&caller, |import| import.into_users()),
        import(&caller, |import| import.into_versions()),
        import(&caller, |import| import.into_line_items(caller.demo.module)),
        import(&caller, |import| import.into_users().email_from("Mail")),
    ] {
        caller.upload(file, "Email\na@b.example\n");
        let result = caller.run(&path);
        assert_eq!(result["successful"], false);
        assert_eq!(result["details"][0]["type"], "missingFields");
    }
}
