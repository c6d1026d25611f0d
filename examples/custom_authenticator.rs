//! Signing in with what a vault hands out: `cargo run --example custom_authenticator`.
//!
//! The vault keeps the password to itself and returns tokens of Anaplan, each for a short lease. Plays
//! on the embedded fake, and prints what it does.

#![allow(clippy::print_stdout)]

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan::auth::{Basic, SignIn as _};
use anaplan::ext::{Authenticator, Credential, Session, async_trait};
use anaplan::{Client, Result, SecretString};
use anaplan_testkit::FakeAnaplan;

/// A service that knows the password. A real one would be asked over HTTP.
#[derive(Debug)]
struct Vault {
    integration_user: Basic,
}

impl Vault {
    async fn lease(&self, session: &Session) -> Result<SecretString> {
        println!("vault: a token for the integration user");
        let sign_in = self.integration_user.request(session).await?;
        Ok(session.call(sign_in).await?.token)
    }
}

/// Asks the vault when there is no token, or when the server has refused the one there was.
#[derive(Debug)]
struct FromVault {
    vault: Vault,
    held: Mutex<Option<Credential>>,
    /// One call asks, the others wait for what it gets.
    turn: tokio::sync::Mutex<u64>,
}

impl FromVault {
    fn new(vault: Vault) -> Self {
        Self {
            vault,
            held: Mutex::default(),
            turn: tokio::sync::Mutex::new(0),
        }
    }

    fn held(&self) -> Option<Credential> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn hold(&self, credential: Option<Credential>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = credential;
    }
}

#[async_trait]
impl Authenticator for FromVault {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        if let Some(credential) = self.held() {
            return Ok(credential);
        }
        let mut generation = self.turn.lock().await;
        if let Some(credential) = self.held() {
            return Ok(credential);
        }
        let token = self.vault.lease(session).await?;
        *generation += 1;
        let credential = Credential::anaplan(&token, *generation)?;
        self.hold(Some(credential.clone()));
        Ok(credential)
    }

    async fn refused(&self, credential: &Credential) {
        // A late refusal of an old token says nothing about the new one.
        let held = self.held();
        if held.is_some_and(|held| held.generation() == credential.generation()) {
            println!("client: token {} is refused", credential.generation());
            self.hold(None);
        }
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let fake = FakeAnaplan::in_process();
    let (admin, demo) = (fake.admin(), fake.demo());
    let vault = Vault {
        integration_user: Basic::new(admin.user, admin.password),
    };
    let client = Client::builder()
        .connection(fake.connection())
        .authenticator(Arc::new(FromVault::new(vault)))
        .model_id(&demo.dev)
        .build()?;

    let alm = client.alm()?;
    let (revisions, tasks, latest) = tokio::try_join!(
        alm.get_revisions().into_future(),
        alm.get_sync_tasks().into_future(),
        alm.get_latest_revision().into_future(),
    )?;
    println!("{} revisions, {} syncs", revisions.len(), tasks.len());
    println!("latest: {:?}", latest.map(|revision| revision.name));

    fake.advance(Duration::from_secs(36 * 60));
    println!("36 minutes later");
    println!("{} revisions", alm.get_revisions().await?.len());

    let leases = fake.requests().count("POST /token/authenticate");
    println!("the vault was asked {leases} times");
    assert_eq!(
        leases, 2,
        "one token for all calls, another one after it expired"
    );
    Ok(())
}
