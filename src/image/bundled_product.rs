//! Products that an image contains and names in its tags: the `pg16` in `2.15.3-pg16`, the `jdk17` in `2.440.3-lts-jdk17`.
//!
//! Their number is not a version of the image: a newer one means another major version of a database, another language or
//! another host. So it stays as it is, while the release of a base distribution (`alpine3.20`, `debian-12`, `ubi9`) may change.

use super::scan::digits;

/// Words before the version of another product, in lower case, with what they have in common.
#[rustfmt::skip]
pub const BUNDLED_PRODUCTS: &[(&str, &[&str])] = &[
    ("databases",              &["pg", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "mssql"]),
    ("Java",                   &["jdk", "openjdk", "jre", "java", "temurin", "corretto", "zulu", "liberica", "graalvm", "scala"]),
    ("other languages",        &["php", "py", "python", "node", "nodejs", "ruby", "go", "golang", "dotnet", "perl", "otp", "erlang", "elixir"]),
    ("graphics processors",    &["cuda", "cudnn", "rocm"]),
    ("versions of Windows",    &["nanoserver", "windowsservercore", "servercore", "ltsc"]),
    ("clusters",               &["k8s", "kubernetes", "hadoop"]),
];

/// Names of base distributions: a number after one is no version of the image, and may change with it.
#[rustfmt::skip]
const BASE_DISTRIBUTIONS: &[&str] = &[
    "alpine", "debian", "ubuntu", "ubi", "centos", "fedora", "rockylinux", "rocky", "almalinux", "alma", "oraclelinux", "ol", "el",
    "leap", "amazonlinux", "al",
];

/// Returns the version of another product at the start of `rest`, which follows `before`: `12.4` after `-cuda`, `1809` after
/// `-nanoserver-`. It ends at the end of a word: `jdk8u222` has none.
pub(super) fn bundled_version<'t>(before: &str, rest: &'t str) -> Option<&'t str> {
    if !BUNDLED_PRODUCTS.iter().any(|(_, names)| follows(before, names)) {
        return None;
    }
    let mut end = digits(rest).len();
    while end > 0 && rest[end..].starts_with('.') {
        match digits(&rest[end + 1..]).len() {
            0 => break,
            length => end += 1 + length,
        }
    }
    let is_whole = end > 0 && !rest[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
    is_whole.then(|| &rest[..end])
}

/// Returns whether a text ends with the name of a base distribution.
pub(super) fn follows_distribution(before: &str) -> bool {
    follows(before, BASE_DISTRIBUTIONS)
}

/// Returns whether a text ends with one of these names, and at most a hyphen or an underscore after it.
fn follows(before: &str, names: &[&str]) -> bool {
    let before = before.strip_suffix(['-', '_']).unwrap_or(before);
    names.iter().any(|name| {
        let start = before.len().checked_sub(name.len());
        start.is_some_and(|start| {
            before.is_char_boundary(start)
                && before[start..].eq_ignore_ascii_case(name)
                && !before[..start].ends_with(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_versions_of_other_products() {
        #[rustfmt::skip]
        let rows = [
            ("2.15.3-pg",                "16",           Some("16")),
            ("3.9.5-eclipse-temurin-",   "17-alpine",    Some("17")),
            ("2.3.0-cuda",               "12.4.1-cudnn", Some("12.4.1")),
            ("1.0.0-LTSC",               "2022",         Some("2022")),
            ("x86_64-ubuntu-jdk",        "8u222-b10",    None),
            ("1.2-alpine",               "3.20",         None),
            ("1.2.3-debian-",            "12-r8",        None),
            ("1.2-mypg",                 "16",           None),
            ("1.2-jdk--",                "17",           None),
            ("täpg",                     "1",            None),
        ];
        for (before, rest, version) in rows {
            assert_eq!(bundled_version(before, rest), version, "{before}{rest}");
        }
    }
}
