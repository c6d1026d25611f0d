//! Files over real connections that break in the middle of a chunk, on the way up and on the way down.

#![cfg(all(feature = "bulk", feature = "rustls"))]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anaplan::bulk::{Bulk, Content};
use anaplan::{Client, Hosts};
use anaplan_testkit::{FakeAnaplan, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const MEGABYTE: usize = 1_000_000;
/// How many bytes of a chunk get through before the connection breaks.
const HALF: usize = 400_000;

/// Stands between the client and the server. When it sees the request that begins with `trigger` for the
/// first time, it lets some more bytes through in the direction in which the chunk travels, and breaks the
/// connection then.
async fn cutting(server: &Server, trigger: String) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (has_cut, told) = (Arc::new(AtomicBool::new(false)), server.address());
    let cut = Arc::clone(&has_cut);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(told).await.unwrap();
            tokio::spawn(carry(client, server, trigger.clone(), Arc::clone(&cut)));
        }
    });
    (url, has_cut)
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    trigger: String,
    cut: Arc<AtomicBool>,
) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let is_upload = trigger.starts_with("PUT");
    let mut left = None;
    loop {
        let (is_up, read) = tokio::select! {
            read = client.read(&mut up) => (true, read.unwrap_or(0)),
            read = server.read(&mut down) => (false, read.unwrap_or(0)),
        };
        let bytes = if is_up { &up[..read] } else { &down[..read] };
        if is_up && bytes.starts_with(trigger.as_bytes()) && !cut.swap(true, Ordering::SeqCst) {
            left = Some(HALF);
        }
        let mut passed = read;
        if let Some(left) = left.as_mut().filter(|_| is_up == is_upload) {
            passed = read.min(*left);
            *left -= passed;
        }
        let to = if is_up { &mut server } else { &mut client };
        let written = to.write_all(&bytes[..passed]).await;
        if read == 0 || passed < read || written.is_err() {
            return;
        }
    }
}

fn bulk_at(url: &str, fake: &FakeAnaplan) -> Bulk {
    let (admin, demo) = (fake.admin(), fake.demo());
    Client::builder()
        .hosts(Hosts::all(url))
        .workspace_id(demo.workspace)
        .model_id(demo.dev)
        .basic(admin.user, admin.password)
        .build()
        .unwrap()
        .bulk()
        .unwrap()
}

fn rows(bytes: usize) -> String {
    let mut text: String = (0..bytes / 10).map(|row| format!("{row:08}\r\n")).collect();
    text.truncate(bytes);
    text
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_any_chunk_changes_nothing_of_the_file() {
    let server = Server::builder(FakeAnaplan::in_process());
    let server = server.listen("127.0.0.1:0").await.unwrap();
    let (fake, text) = (server.fake(), rows(4 * MEGABYTE - 5));
    let demo = fake.demo();
    let files = format!(
        "/2/0/workspaces/{}/models/{}/files/{}/chunks",
        demo.workspace, demo.dev, demo.source_file
    );
    let there =
        || fake.world(|world| world.file_content(&demo.dev, demo.source_file, &demo.admin.id));
    for chunk in 0..4 {
        for known in [true, false] {
            let (url, cut) = cutting(&server, format!("PUT {files}/{chunk} ")).await;
            let content = match known {
                true => Content::text(text.clone()),
                false => Content::iter([text.clone()]),
            };
            let upload = bulk_at(&url, &fake).upload_file(demo.source_file, content);
            let done = upload.chunk_size(MEGABYTE).without_gzip().await.unwrap();
            assert_eq!((done.bytes, done.chunks), (text.len() as u64, 4));
            assert!(cut.load(Ordering::SeqCst), "chunk {chunk} was not cut");
            assert!(there().unwrap() == text, "chunk {chunk}, known: {known}");
        }
    }
    for chunk in 0..4 {
        let (url, cut) = cutting(&server, format!("GET {files}/{chunk} ")).await;
        let read = bulk_at(&url, &fake).get_file(demo.source_file).await;
        assert!(read.unwrap() == text, "chunk {chunk}");
        assert!(cut.load(Ordering::SeqCst), "chunk {chunk} was not cut");
    }
    server.stop().await;
}
