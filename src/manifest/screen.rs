//! What is worth reading, and what can't hold a reference: decided before anything is parsed.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::value::is_by_itself;

/// Whether a path is one of a file that Tagboat reads: by its name alone.
pub fn reads(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "yaml" | "yml" | "json")
        || matches!(name, "Kustomization" | ".env")
        || name.starts_with(".env.")
        || ending == "env"
        || is_dockerfile(name)
}

/// By name: `Dockerfile`, `Dockerfile.prod`, `prod.Dockerfile`.
pub(super) fn is_dockerfile(name: &str) -> bool {
    let is = |word: &str| matches!(word, "Dockerfile" | "Containerfile");
    is(name.split('.').next().unwrap_or_default()) || is(name.rsplit('.').next().unwrap_or_default())
}

/// Texts of which every document that holds a reference has one: keys as YAML and JSON write them, addresses, markers.
/// Literals only, so that one pass with vector instructions tells.
static HINTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let hints = [
        "mage",
        "IMAGE",
        "tag:",
        "Tag:",
        "TAG",
        "tag\"",
        "Tag\"",
        "_tag",
        "oci://",
        "chart",
        "repository:",
        "repository\"",
        "package:",
        "tagboat:",
        "renovate:",
        "digest:",
        "digest\"",
        "mage'",
        "tag'",
    ];
    Regex::new(&hints.join("|")).ok()
});

/// Whether bytes may hold a reference, told without parsing them.
pub fn may_hold(bytes: &[u8]) -> bool {
    HINTS.as_ref().is_none_or(|hints| hints.is_match(bytes))
}

/// Whether a document is a schema, which describes images and runs none. They are large and many.
pub(super) fn is_schema(document: &str) -> bool {
    let kind = b"\nkind: CustomResourceDefinition";
    let at = memchr::memmem::find(document.as_bytes(), kind);
    at.is_some_and(|at| matches!(document.as_bytes().get(at + kind.len()), None | Some(b'\n' | b'\r')))
        && document.contains("\napiVersion: apiextensions.k8s.io/")
        || document.starts_with("apiVersion: apiextensions.k8s.io/") && at.is_some()
}

/// Where a text that is not parsed mentions what can be nothing but a reference.
pub(super) fn mentions(text: &str) -> impl Iterator<Item = usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"./:@_-".contains(byte);
    let bytes = text.as_bytes();
    let mut done = 0;
    std::iter::from_fn(move || {
        loop {
            // Slashes are rare in schemas, and every reference with a host has one.
            let slash = done + memchr::memchr(b'/', &bytes[done..])?;
            let start = slash - bytes[done..slash].iter().rev().take_while(|byte| is_part(byte)).count();
            done = slash + bytes[slash..].iter().take_while(|byte| is_part(byte)).count();
            if is_by_itself(text[start..done].trim_end_matches(['.', ':'])) {
                return Some(start);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let read = [
            "a.yaml",
            "b/c.yml",
            "d.json",
            "x/Kustomization",
            ".env",
            ".env.prod",
            "a/prod.env",
            "Dockerfile",
            "b/api.Dockerfile",
            ".argocd-source-api.yaml",
        ];
        let not = ["a.YAML", "kustomization", "x.yaml.j2", "main.tf", "README.md", "Dockerfiles/x.txt"];
        assert!(read.iter().all(|path| reads(path)));
        assert!(!not.iter().any(|path| reads(path)));
    }

    #[test]
    fn what_may_hold_a_reference() {
        #[rustfmt::skip]
        let rows = [
            ("image: a:1",                             true),
            ("WORKER_IMAGE=a:1",                       true),
            ("{\"tag\": \"1\"}",                       true),
            ("spec: {url: \"oci://ghcr.io/a/b\"}",     true),
            ("a: v1 # {\"$imagepolicy\": \"a:b\"}",    true),
            ("kind: Service\nport: 80\nstage: prod\n", false),
        ];
        for (text, holds) in rows {
            assert_eq!(may_hold(text.as_bytes()), holds, "{text}");
        }
    }
}
