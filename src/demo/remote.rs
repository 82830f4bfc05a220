//! The git remote of the demonstration: a bare repository with one commit.

use std::path::Path;

/// Any error of gix.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Creates a bare repository with these files on the branch `main`.
pub(super) fn create(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), AnyError> {
    let repository = gix::init_bare(folder)?;
    let mut tree = repository.empty_tree().edit()?;
    for (path, bytes) in files {
        let blob = repository.write_blob(bytes)?;
        tree.upsert(*path, gix::objs::tree::EntryKind::Blob, blob)?;
    }
    let tree = tree.write()?;
    let time = gix::date::Time { seconds: 1_767_225_600, offset: 0 };
    let author = gix::actor::Signature { name: "Acme".into(), email: "platform@acme.example".into(), time };
    let none: [gix::ObjectId; 0] = [];
    let mut buffer = gix::date::parse::TimeBuf::default();
    let author = author.to_ref(&mut buffer);
    repository.commit_as(author, author, "refs/heads/main", "Deploy everything", tree, none)?;
    Ok(())
}
