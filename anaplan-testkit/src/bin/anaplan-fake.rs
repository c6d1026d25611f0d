//! The fake as a program, for those whose client is not written in Rust.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anaplan_testkit::{FakeAnaplan, Server};
use clap::Parser;
use serde_json::{Value, json};

/// A fake Anaplan: starts the demo world and prints one line of JSON that says what is in it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Where to write the certificate and the keys; a temporary folder otherwise.
    #[arg(long)]
    write_world: Option<PathBuf>,
    /// How many requests pass at once before 429.
    #[arg(long, default_value_t = 600)]
    burst: u32,
    /// Logs each request on stderr.
    #[arg(short, long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let fake = FakeAnaplan::in_process();
    fake.world(|world| world.rules.burst = Some(arguments.burst));
    let mut server = Server::bind(fake.clone(), &arguments.listen).await?;
    if arguments.verbose {
        server = server.watched(|method, path, status| {
            let status = status.map_or("closed".into(), |status| status.to_string());
            let _ = writeln!(std::io::stderr(), "{method} {path} {status}");
        });
    }

    let temporary = tempfile::tempdir()?;
    let folder = arguments.write_world.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let url = format!("http://{}", server.address()?);
    let card = card(&fake, &url, folder, arguments.burst)?;
    writeln!(std::io::stdout(), "{card}")?;
    server.serve(stopped()?).await;
    Ok(())
}

/// What is in the demo world, and how to get in.
fn card(fake: &FakeAnaplan, url: &str, folder: &Path, burst: u32) -> std::io::Result<Value> {
    let demo = fake.demo();
    let identity = fake.admin_identity();
    let write = |name: &str, text: &str| -> std::io::Result<String> {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(path.display().to_string())
    };
    let user = |user: &anaplan_testkit::Credentials| json!({ "user": user.user, "password": user.password });
    Ok(json!({
        "url": url,
        "user": demo.admin.user,
        "password": demo.admin.password,
        "certificate": write("certificate.pem", &identity.certificate)?,
        "private_key": write("private_key.pem", &identity.private_key)?,
        "encrypted_private_key": write("encrypted_private_key.pem", &identity.encrypted_private_key)?,
        "private_key_password": identity.private_key_password,
        "workspace_id": demo.workspace.as_str(),
        "model_id": demo.dev.as_str(),
        "models": {
            "dev": demo.dev.as_str(),
            "test": demo.test.as_str(),
            "prod": demo.prod.as_str(),
            "plain": demo.plain.as_str(),
            "unrelated": demo.unrelated.as_str(),
            "archived": demo.archived.as_str(),
            "closable": demo.closable.as_str(),
            "sync_fails": demo.sync_fails.as_str(),
        },
        "limited": user(&demo.limited),
        "outsider": user(&demo.outsider),
        "second": user(&demo.second),
        "rate_limit": { "burst": burst },
        "features": { "audit": false, "scim": false, "cloudworks": false },
    }))
}

/// Completes when the program is asked to stop.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
