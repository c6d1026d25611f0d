//! Files of this machine.

mod support;

use anaplan_adversary::case::{Op, Point};
use anaplan_adversary::operations::{
    Outcome, save_file, save_tokens, upload_from, upload_with_wrong_length,
};
use support::{LONG, count, scene};

#[tokio::test]
async fn directory_as_content_fails_before_the_old_content_is_discarded() {
    let scene = scene(Op::UploadKnown).await;
    let folder = tempfile::tempdir().unwrap();
    let outcome = scene
        .drive(LONG, upload_from(&scene.client, folder.path()))
        .await
        .unwrap();
    assert!(outcome.failure().is_some(), "{outcome:?}");
    assert_eq!(count(&scene, Point::Work), 0, "{}", scene.story());
}

#[tokio::test]
async fn wrong_length_fails_before_the_old_content_is_discarded() {
    let scene = scene(Op::UploadKnown).await;
    let outcome = scene
        .drive(LONG, upload_with_wrong_length(&scene.client))
        .await
        .unwrap();
    assert!(!matches!(outcome, Outcome::Uploaded), "{outcome:?}");
    assert_eq!(count(&scene, Point::Work), 0, "{}", scene.story());
}

#[cfg(unix)]
#[tokio::test]
async fn saved_file_keeps_the_mode_and_the_symlink_of_the_file_it_replaces() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let scene = scene(Op::Download).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    scene
        .drive(LONG, save_file(&scene.client, &link))
        .await
        .unwrap()
        .unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let metadata = std::fs::metadata(&file).unwrap();
    assert_eq!(metadata.len(), 120);
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
}

#[cfg(unix)]
#[tokio::test]
async fn token_store_keeps_the_mode_and_the_symlink_of_the_file_it_replaces() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("tokens"), folder.path().join("link"));
    std::fs::write(&file, "{}").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400 | 0o200)).unwrap();
    symlink(&file, &link).unwrap();
    save_tokens(&link).await.unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let metadata = std::fs::metadata(&file).unwrap();
    assert!(metadata.len() > 2);
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}
