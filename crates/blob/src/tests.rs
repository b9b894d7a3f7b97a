//! The store through its front page: on disk and in memory.
//!
//! S3 is in `s3::tests`, which needs the feature `s3`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::{BLOB_BYTES_MAX, Blobs, Error, Family, Key, Memory};
use bytes::Bytes;

fn key(byte: u8) -> Key {
    Key::content(Family::Photo, &[byte; 32])
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn both_stores_put_get_replace_and_delete_alike() {
    let directory = tempfile::tempdir().unwrap();
    for blobs in [Blobs::memory(), Blobs::disk(directory.path()).unwrap()] {
        assert_eq!(blobs.get(&key(1)).await.unwrap(), None);
        blobs.put(&key(1), Bytes::from_static(b"first")).await.unwrap();
        blobs.put(&key(1), Bytes::from_static(b"second")).await.unwrap();
        blobs.put(&key(2), Bytes::new()).await.unwrap();
        assert_eq!(blobs.get(&key(1)).await.unwrap().unwrap(), "second");
        assert_eq!(blobs.get(&key(2)).await.unwrap().unwrap(), "");
        blobs.delete(&key(1)).await.unwrap();
        blobs.delete(&key(1)).await.unwrap();
        assert_eq!(blobs.get(&key(1)).await.unwrap(), None);
        assert!(blobs.get(&key(2)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_directory_opened_again_holds_what_was_put_and_no_temporary_file() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("not/yet/there");
    let blobs = Blobs::disk(&root).unwrap();
    for byte in 0..8 {
        blobs.put(&key(byte), Bytes::from(vec![byte; 1000])).await.unwrap();
    }
    drop(blobs);

    let again = Blobs::disk(&root).unwrap();
    for byte in 0..8 {
        assert_eq!(again.get(&key(byte)).await.unwrap().unwrap(), vec![byte; 1000]);
    }
    let files = files(&root);
    assert_eq!(files.len(), 8, "{files:?}");
    let mode = fs::metadata(&files[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "blobs are for the server's eyes only");
}

#[tokio::test]
async fn puts_of_one_key_at_once_leave_one_whole_blob() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(directory.path()).unwrap();
    let puts: Vec<_> = (0..16u8)
        .map(|byte| {
            let blobs = blobs.clone();
            tokio::spawn(async move { blobs.put(&key(1), vec![byte; 4096].into()).await })
        })
        .collect();
    for put in puts {
        put.await.unwrap().unwrap();
    }
    let bytes = blobs.get(&key(1)).await.unwrap().unwrap();
    assert_eq!(bytes, vec![bytes[0]; 4096]);
    assert_eq!(files(directory.path()).len(), 1);
}

#[tokio::test]
async fn a_put_gets_past_a_temporary_file_that_a_crash_left() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(directory.path()).unwrap();
    let shard = directory.path().join("photo/01");
    fs::create_dir_all(&shard).unwrap();
    fs::write(shard.join(format!(".tmp-{}-0", std::process::id())), "torn").unwrap();
    blobs.put(&key(1), Bytes::from_static(b"whole")).await.unwrap();
    assert_eq!(blobs.get(&key(1)).await.unwrap().unwrap(), "whole");
}

#[tokio::test]
async fn a_failed_put_leaves_nothing_and_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(directory.path()).unwrap();
    // A directory where the file should go: the rename is refused, whoever runs the test.
    fs::create_dir_all(directory.path().join(key(1).as_str())).unwrap();
    let error = blobs.put(&key(1), Bytes::from_static(b"x")).await.unwrap_err();
    assert!(error.to_string().contains(key(1).as_str()), "{error}");
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_blob_over_the_limit_is_refused_in_both_directions() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(directory.path()).unwrap();
    let error = blobs.put(&key(1), vec![0; BLOB_BYTES_MAX + 1].into()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");

    let path = directory.path().join("photo/huge");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(&path).unwrap().set_len(BLOB_BYTES_MAX as u64 + 1).unwrap();
    let error = blobs.get(&Key::parse("photo/huge").unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_root_that_is_a_file_is_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    let error = Blobs::disk(&path).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn the_nth_put_in_memory_fails_once_when_asked() {
    let memory = Memory::default();
    let blobs = Blobs::from(memory.clone());
    memory.fail_put(2);
    blobs.put(&key(1), Bytes::new()).await.unwrap();
    assert!(matches!(blobs.put(&key(2), Bytes::new()).await, Err(Error::FailedOnRequest)));
    blobs.put(&key(3), Bytes::new()).await.unwrap();
    assert_eq!(memory.keys(), [key(1), key(3)]);
}

#[cfg(not(feature = "s3"))]
#[test]
fn a_bucket_in_a_build_without_s3_is_refused_with_the_feature_to_build() {
    let config = crate::S3Config {
        bucket: "mailroom".into(),
        region: "auto".into(),
        endpoint: None,
        prefix: None,
        access_key: None,
    };
    assert!(Blobs::s3(config).unwrap_err().to_string().contains("--features s3"));
}
