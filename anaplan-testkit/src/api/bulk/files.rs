//! Files and their chunks.

use std::io::Read;

use anaplan_core::ModelId;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::bulk::{listed, listed_chunks, number, octets};
use crate::api::envelope::{Envelope, Failure};
use crate::api::router::{Route, delete, get, post, put};
use crate::api::{Call, Reply, query};
use crate::http::{Body, Response};
use crate::world::{FileOf, FileRefusal, Model};

/// The most chunks that a file can have.
const MOST_CHUNKS: i64 = 1_000;
/// Keys that a file object in a request may have.
const FILE_KEYS: [&str; 13] = [
    "id",
    "name",
    "code",
    "chunkCount",
    "delimiter",
    "encoding",
    "firstDataRow",
    "format",
    "headerRow",
    "separator",
    "origin",
    "country",
    "language",
];

pub(crate) const ROUTES: &[Route] = &[
    get("/files", |call, at| list(call, &at.model())).while_busy(),
    get("/files/{file}", |call, at| {
        content(call, &at.model(), at.get("file"))
    })
    .while_busy(),
    post("/files/{file}", |call, at| {
        announce(call, &at.model(), at.get("file"))
    })
    .while_busy(),
    put("/files/{file}", |call, at| {
        put_content(call, &at.model(), at.get("file"))
    })
    .while_busy(),
    delete("/files/{file}", |call, at| {
        delete_content(call, &at.model(), at.get("file"))
    })
    .while_busy(),
    get("/files/{file}/chunks", |call, at| {
        chunks(call, &at.model(), at.get("file"))
    })
    .while_busy(),
    get("/files/{file}/chunks/{chunk}", |call, at| {
        chunk(call, &at.model(), at.get("file"), at.get("chunk"))
    })
    .while_busy(),
    put("/files/{file}/chunks/{chunk}", |call, at| {
        put_chunk(call, &at.model(), at.get("file"), at.get("chunk"))
    })
    .while_busy(),
    post("/files/{file}/complete", |call, at| {
        complete(call, &at.model(), at.get("file"))
    })
    .while_busy(),
];

fn list(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = call.online(id)?;
    let files = model
        .files()
        .map(|file| describe(call, model, &file))
        .collect();
    listed(call, "file", "files", files)
}

fn describe(call: &Call<'_>, model: &Model, file: &FileOf<'_>) -> Value {
    let count = call.world.shown_count(model, file.id(), &call.user);
    match file {
        FileOf::Source(file) => {
            let mut value = json!({
                "id": file.id.to_string(),
                "name": file.name,
                "chunkCount": count,
                "delimiter": file.delimiter.to_string(),
                "encoding": file.encoding.as_str(),
                "firstDataRow": file.first_data_row,
                "format": "txt",
                "headerRow": file.header_row,
                "separator": file.separator.to_string(),
            });
            if let Some(code) = &file.code {
                value["code"] = code.as_str().into();
            }
            value
        }
        FileOf::Output(id, name, encoding) => json!({
            "id": id.to_string(),
            "name": name,
            "chunkCount": count,
            "encoding": encoding.as_str(),
            "firstDataRow": 0,
            "headerRow": 0,
        }),
    }
}

/// The number of a file that the model has.
fn known(model: &Model, file: &str) -> Result<u64, Failure> {
    let id = number(file).ok_or(Failure::NotFound)?;
    model
        .file(id)
        .map(|file| file.id())
        .ok_or(Failure::NotFound)
}

/// The id of the source file of this name.
fn source_file(model: &Model, name: &str) -> Option<u64> {
    model.files().find_map(|file| match file {
        FileOf::Source(file) if file.name == name => Some(file.id),
        _ => None,
    })
}

fn content(call: &mut Call<'_>, model: &ModelId, file: &str) -> Reply {
    let file = known(call.online(model)?, file)?;
    let content = call.world.content(model, file, &call.user);
    let pieces = content.and_then(|content| content.pieces());
    Ok(octets(Body::Pieces(pieces.ok_or(Failure::NotFound)?)))
}

fn chunks(call: &mut Call<'_>, model: &ModelId, file: &str) -> Reply {
    let file = known(call.online(model)?, file)?;
    let content = call.world.content(model, file, &call.user);
    listed_chunks(
        call,
        content.map(|content| content.listed()).unwrap_or_default(),
    )
}

fn chunk(call: &mut Call<'_>, model: &ModelId, file: &str, chunk: &str) -> Reply {
    let file = known(call.online(model)?, file)?;
    let content = call.world.content(model, file, &call.user);
    let chunk = number(chunk).and_then(|chunk| usize::try_from(chunk).ok());
    let pieces = content
        .zip(chunk)
        .and_then(|(content, chunk)| content.chunk(chunk));
    Ok(octets(Body::Pieces(pieces.ok_or(Failure::NotFound)?)))
}

fn announce(call: &mut Call<'_>, id: &ModelId, file: &str) -> Reply {
    call.changeable(id)?;
    let body = query::object(call.request, &FILE_KEYS)?;
    let count = match body.get("chunkCount") {
        None | Some(Value::Null) => {
            return Err(Failure::bad(
                "Expected mandatory field 'chunkCount' to be present and not empty.",
            ));
        }
        Some(Value::Number(count)) => count.as_i64(),
        Some(_) => {
            return Err(Failure::bad(
                "Found a value with an unexpected string format when Integer was expected.",
            ));
        }
    };
    let count = match count {
        Some(-1) => None,
        Some(count @ 1..=MOST_CHUNKS) => usize::try_from(count).ok(),
        _ => {
            return Err(Failure::bad(
                "The 'chunkCount' must be -1 or from 1 to 1000.",
            ));
        }
    };
    let model = call.online(id)?;
    let file = match known(model, file) {
        Ok(file) => file,
        Err(_) => match source_file(model, file) {
            Some(known) => known,
            // An unknown id or name becomes a new file, of another id.
            None => {
                let name = body.get("name").and_then(Value::as_str).unwrap_or(file);
                let created = call.world.create_file(id, name.to_owned());
                created.ok_or(Failure::NotFound)?
            }
        },
    };
    let user = call.user.clone();
    call.world.announce(id, file, &user, count);
    one(call, id, file)
}

/// The file object alone.
fn one(call: &Call<'_>, model: &ModelId, file: u64) -> Reply {
    let model = call.online(model)?;
    let file = model.file(file).ok_or(Failure::NotFound)?;
    let value = describe(call, model, &file);
    Ok(Envelope::of("file").with("file", value).into())
}

fn is_binary(call: &Call<'_>) -> Result<bool, Failure> {
    let kind = call.request.header("content-type").unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "" | "application/octet-stream" => Ok(false),
        "application/x-gzip" => Ok(true),
        _ => Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
        )),
    }
}

/// The bytes are taken as they are, compressed or not.
fn put_content(call: &mut Call<'_>, id: &ModelId, file: &str) -> Reply {
    let file = known(call.changeable(id)?, file)?;
    is_binary(call)?;
    let (user, bytes) = (call.user.clone(), call.request.body().clone());
    call.world.replace_content(id, file, &user, bytes);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

fn put_chunk(call: &mut Call<'_>, id: &ModelId, file: &str, chunk: &str) -> Reply {
    let file = known(call.changeable(id)?, file)?;
    let chunk = number(chunk).and_then(|chunk| usize::try_from(chunk).ok());
    let chunk = chunk
        .filter(|chunk| (*chunk as i64) < MOST_CHUNKS)
        .ok_or(Failure::NotFound)?;
    let bytes = if is_binary(call)? {
        inflate(call.request.body())?
    } else {
        call.request.body().clone()
    };
    let user = call.user.clone();
    call.world.put_chunk(id, file, &user, chunk, bytes)?;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// Each chunk is compressed by itself.
fn inflate(bytes: &Bytes) -> Result<Bytes, Failure> {
    let mut plain = Vec::new();
    match MultiGzDecoder::new(bytes.as_ref()).read_to_end(&mut plain) {
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(Failure::bad("The chunk is not in GZIP format.")),
    }
}

fn complete(call: &mut Call<'_>, id: &ModelId, file: &str) -> Reply {
    let file = known(call.changeable(id)?, file)?;
    let is_json = call
        .request
        .header("content-type")
        .is_some_and(|kind| kind.contains("json"));
    if !call.request.body().is_empty() {
        query::object(call.request, &FILE_KEYS)?;
    } else if is_json && call.world.rules.complete_needs_body {
        return Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
        ));
    }
    let user = call.user.clone();
    call.world.complete(id, file, &user)?;
    one(call, id, file)
}

fn delete_content(call: &mut Call<'_>, id: &ModelId, file: &str) -> Reply {
    let file = known(call.changeable(id)?, file)?;
    let user = call.user.clone();
    call.world.delete_content(id, file, &user);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

impl From<FileRefusal> for Failure {
    fn from(refusal: FileRefusal) -> Self {
        match refusal {
            FileRefusal::Unknown => Self::NotFound,
            FileRefusal::Incomplete => Self::bad("Chunks of the file are missing."),
        }
    }
}
