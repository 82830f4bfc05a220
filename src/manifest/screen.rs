//! What is worth reading, and what can't hold a reference: decided before anything is parsed.

/// What the bytes of a file promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// It can't hold a reference.
    Nothing,
    /// It may.
    Something,
}

/// Whether a path is one of a file that Tagboat reads: by its name alone.
pub fn reads(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "yaml" | "yml" | "json")
        || matches!(name, "Kustomization" | "Dockerfile" | ".env")
        || name.starts_with(".env.")
        || ending == "env"
}

/// Texts of which every document that holds a reference has one, in any case of letters.
const NEEDLES: [&[u8]; 9] = [b"mage", b"IMAGE", b"tag", b"Tag", b"TAG", b"oci", b"OCI", b"package", b"repository"];

/// Whether bytes may hold a reference, told without parsing them.
pub fn may_hold(bytes: &[u8]) -> bool {
    screen(bytes) == Screen::Something
}

/// See [`may_hold`].
fn screen(bytes: &[u8]) -> Screen {
    let holds = NEEDLES.iter().any(|needle| memchr::memmem::find(bytes, needle).is_some());
    if holds { Screen::Something } else { Screen::Nothing }
}
