//! Requests of the calls that must not run twice, with and without a lost response.

#![cfg(all(
    feature = "alm",
    feature = "bulk",
    feature = "transactional",
    feature = "rustls"
))]
#![allow(clippy::unwrap_used)]

use anaplan::alm::{OnlineStatus, RevisionPair};
use anaplan::bulk::Content;
use anaplan::transactional::NewListItem;
use anaplan::{Client, Pending, Result};
use anaplan_testkit::{Demo, FakeAnaplan, Fault, Pacing};

/// A call, its route, and the number of its requests: of a plain call, and with a lost response.
struct Row {
    name: &'static str,
    route: &'static str,
    call: fn(Client, &Demo, RevisionPair) -> Pending<()>,
    plain: usize,
    lost: usize,
}

/// Discards the output.
fn done<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T>, IntoFuture: Send> + Send + 'static,
) -> Pending<()> {
    Pending::new(async move { call.into_future().await.map(|_| ()) })
}

const ROWS: &[Row] = &[
    Row {
        name: "sync_models",
        route: "POST /2/0/models/*/alm/syncTasks",
        call: |client, demo, pair| {
            let alm = client.with_model(&demo.prod).alm().unwrap();
            Pending::new(async move { alm.sync_models(&pair).await.map(|_| ()) })
        },
        // The list of tasks, and the request.
        plain: 2,
        // Besides: the list of tasks, the candidate, and, as it has succeeded, the revisions of the model
        // and the models of the revision.
        lost: 6,
    },
    Row {
        name: "create_revision",
        route: "POST /2/0/models/*/alm/revisions",
        call: |client, demo, _| {
            let alm = client.with_model(&demo.dev).alm().unwrap();
            done(alm.create_revision("Release"))
        },
        plain: 2,
        // Besides: the list of revisions, and the user of the session.
        lost: 4,
    },
    Row {
        name: "change_model_status",
        route: "PUT /2/0/models/*/onlineStatus",
        call: |client, demo, _| {
            let alm = client.with_model(&demo.plain).alm().unwrap();
            done(alm.change_model_status(OnlineStatus::Offline))
        },
        plain: 2,
        lost: 3,
    },
    Row {
        name: "run_action",
        route: "POST /2/0/workspaces/*/models/*/actions/*/tasks",
        call: |client, demo, _| {
            let bulk = client.with_model(&demo.dev).bulk().unwrap();
            done(bulk.run_action(demo.action).accept_presumed())
        },
        plain: 2,
        lost: 3,
    },
    Row {
        name: "upload_file",
        route: "POST /2/0/workspaces/*/models/*/files/*",
        call: |client, demo, _| {
            let bulk = client.with_model(&demo.dev).bulk().unwrap();
            let upload = bulk.upload_file(demo.empty_file, Content::text("a,b"));
            Pending::new(async move {
                let uploaded = upload.await;
                uploaded.map(|_| ()).map_err(|failed| failed.error)
            })
        },
        // The list of chunks before the announcement, the announcement, the list after it, a chunk.
        plain: 4,
        lost: 5,
    },
    Row {
        name: "insert_list_items",
        route: "POST /2/0/models/*/lists/*/items",
        call: |client, demo, _| {
            let model = client.with_model(&demo.dev).transactional().unwrap();
            done(model.insert_list_items(demo.list, [NewListItem::named("Atlantis")]))
        },
        plain: 2,
        lost: 3,
    },
];

async fn set() -> (FakeAnaplan, Demo, Client, RevisionPair) {
    let fake = FakeAnaplan::in_process();
    fake.world(|world| world.rules.pacing = Pacing::Instant);
    let demo = fake.demo();
    let builder = Client::builder().connection(fake.connection());
    let client = builder.basic(&demo.admin.user, demo.admin.password.clone());
    let client = client.workspace_id(&demo.workspace).build().unwrap();
    let latest = async |model| {
        let alm = client.with_model(model).alm().unwrap();
        alm.get_latest_revision().await.unwrap().unwrap()
    };
    let (from, to) = (latest(&demo.dev).await, latest(&demo.prod).await);
    let pair = RevisionPair::new(&from.id, &demo.dev, &to.id);
    // The signed-in user is known from here on.
    client.who_am_i().await.unwrap();
    fake.forget_requests();
    (fake, demo, client, pair)
}

#[tokio::test(start_paused = true)]
async fn call_sends_no_more_requests_than_its_evidence_needs() {
    for row in ROWS {
        for (lost, expected) in [(false, row.plain), (true, row.lost)] {
            let (fake, demo, client, pair) = set().await;
            if lost {
                fake.inject(Fault::drop_after().on(row.route).times(1));
            }
            (row.call)(client, &demo, pair).await.unwrap();
            let requests = fake.requests();
            let all: Vec<_> = requests.entries().collect();
            assert_eq!(requests.count(row.route), 1, "{}", row.name);
            assert_eq!(all.len(), expected, "{}, lost: {lost}: {all:#?}", row.name);
        }
    }
}
