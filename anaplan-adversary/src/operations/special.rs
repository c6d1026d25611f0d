//! Calls that only single tests make.

use std::path::Path as FilePath;

use anaplan::auth::{
    FileTokenStore, MemoryTokenStore, OAuth, OAuthClient, OAuthTokens, TokenStore as _,
};
use anaplan::bulk::Content;
use anaplan::ext::{Endpoint, Method, Path, RequestBody, Response, RetryClass};
use anaplan::{Client, Error, ErrorKind, Result};

use super::perform::failure;
use super::{Failure, Outcome};

/// Signs in with the device grant.
///
/// # Errors
///
/// That of the SDK.
pub async fn sign_in_device(client: &Client) -> Result<(), Failure> {
    let registered = OAuthClient::device("c11e27c11e27c11e27c11e27c11e27c1");
    let oauth = OAuth::new(registered, MemoryTokenStore::default());
    let device = oauth.start_device(client.session()).await;
    let signed_in = match device {
        Ok(device) => device.wait().await,
        Err(error) => Err(error),
    };
    signed_in.map_err(|error| failure(&error))
}

/// Lists workspaces on the calling thread.
#[must_use]
pub fn list_blocking(client: &Client) -> Outcome {
    match client.tenant().get_workspaces().run() {
        Ok(rows) => Outcome::Rows(rows.into_iter().map(|row| row.id.to_string()).collect()),
        Err(error) => Outcome::Failed(failure(&error)),
    }
}

/// Uploads these bytes.
pub async fn upload_bytes(client: &Client, bytes: Vec<u8>) -> Outcome {
    upload(client, Content::from(bytes)).await
}

/// Uploads a file of this machine.
pub async fn upload_from(client: &Client, path: &FilePath) -> Outcome {
    upload(client, Content::file(path)).await
}

/// Uploads a content that is shorter than it says.
pub async fn upload_with_wrong_length(client: &Client) -> Outcome {
    upload(
        client,
        Content::from(vec![b'x'; 100]).with_length(2_000_100),
    )
    .await
}

async fn upload(client: &Client, content: Content) -> Outcome {
    let bulk = match client.bulk() {
        Ok(bulk) => bulk,
        Err(error) => return Outcome::Failed(failure(&error)),
    };
    let upload = bulk.upload_file("113000000001", content);
    match upload.chunk_size(1_000_000).without_gzip().await {
        Ok(_) => Outcome::Uploaded,
        Err(failed) => Outcome::Failed(failure(&failed.error)),
    }
}

/// Downloads the file to a path.
///
/// # Errors
///
/// That of the SDK.
pub async fn save_file(client: &Client, path: &FilePath) -> Result<u64, Failure> {
    let saved = match client.bulk() {
        Ok(bulk) => bulk.get_file("113000000001").save_to(path).await,
        Err(error) => Err(error),
    };
    saved.map_err(|error| failure(&error))
}

/// Saves tokens to a path.
///
/// # Errors
///
/// That of the SDK.
pub async fn save_tokens(path: &FilePath) -> Result<(), Failure> {
    let tokens = OAuthTokens::from_refresh_token("refresh");
    let saved = FileTokenStore::new(path).save(&tokens).await;
    saved.map_err(|error| failure(&error))
}

/// Calls an endpoint of the caller's own that must not run twice and cannot read its response.
pub async fn own_endpoint(client: &Client) -> Outcome {
    match client.call(Unreadable).await {
        Ok(words) => Outcome::Rows(words),
        Err(error) => Outcome::Failed(failure(&error)),
    }
}

struct Unreadable;

impl Endpoint for Unreadable {
    const NAME: &'static str = "custom.unreadable";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Vec<String>;

    fn path(&self) -> Path {
        Path::integration()
            .lit("models")
            .seg("modelId", "M")
            .lit("actions")
            .seg("actionId", "117000000001")
            .lit("tasks")
    }

    fn body(&self) -> Result<RequestBody> {
        Ok(r#"{"localeName":"en_US"}"#.into())
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        let words: Option<Self::Output> = response.field_opt("words")?;
        words.ok_or_else(|| Error::new(ErrorKind::Decode, "the response has no words"))
    }
}
