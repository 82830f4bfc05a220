//! Products that an image contains and names in its tags: the `pg16` in `2.15.3-pg16`, the `jdk17` in `2.440.3-lts-jdk17`.
//!
//! Their number is not a version of the image: a newer one means another major version of a database, another language or
//! another host. So it stays as it is, while the release of a base distribution (`alpine3.20`, `debian-12`, `ubi9`) may change.

use super::scan::digits;
use super::timestamp::{is_day, timestamp_millis};

/// Words before the version of another product, in lower case, with what they have in common.
#[rustfmt::skip]
pub const BUNDLED_PRODUCTS: &[(&str, &[&str])] = &[
    ("databases",              &["pg", "pgsql", "postgres", "postgresql", "ppg", "mysql", "mariadb", "percona", "pxc", "mongo", "mongodb", "mongod", "mssql", "oracle", "db2",
                                 "redis", "valkey", "cassandra", "clickhouse", "neo4j"]),
    ("search and messages",    &["elasticsearch", "elastic", "opensearch", "solr", "lucene", "kafka", "pulsar", "rabbitmq", "zookeeper"]),
    ("Java",                   &["jdk", "openjdk", "jre", "java", "jvm", "temurin", "corretto", "amazoncorretto", "zulu", "liberica", "sapmachine", "semeru", "dragonwell", "kona",
                                 "ibmjava", "graalvm", "graalvm-community", "graalvm-ce", "graalvm-ee", "mandrel", "scala", "kotlin", "groovy", "gradle", "maven", "sbt"]),
    ("other languages",        &["php", "fpm", "py", "python", "pypy", "node", "nodejs", "deno", "bun", "ruby", "jruby", "go", "golang", "rust", "swift", "net", "dotnet", "aspnet", "mono",
                                 "pwsh", "powershell", "perl", "otp", "erlang", "elixir", "julia", "r", "lua", "luajit", "ghc"]),
    ("compilers and libraries", &["gcc", "clang", "llvm", "openssl", "opencv", "boost", "qt"]),
    ("servers",                &["nginx", "openresty", "httpd", "apache", "tomcat", "jetty", "wildfly"]),
    ("machine learning",       &["torch", "pytorch", "tensorflow", "tf", "jax", "transformers", "onnxruntime", "tensorrt", "trt"]),
    ("graphics processors",    &["cuda", "cu", "cudnn", "rocm"]),
    ("versions of Windows",    &["windows", "win", "nanoserver", "windowsservercore", "servercore", "ltsc", "sac"]),
    ("clusters",               &["k8s", "kube", "kubernetes", "kubectl", "helm", "terraform", "tofu", "opentofu", "ansible", "hadoop", "hive", "spark", "flink"]),
];

/// Words that count only as they are written here: SQL Server numbers its own updates, as in `2022-CU12`.
const CASE_SENSITIVE: &[&str] = &["cu"];

/// Words that count only before a version with a dot: `r4.3` is a language, and `r8` a revision of the image.
const BEFORE_DOTTED: &[&str] = &["r"];

/// Letters that end a version: Windows 20H2, Oracle 19c and 23ai.
const VERSION_ENDS: &[&str] = &["", "H1", "H2", "h1", "h2", "c", "g", "ai"];

/// Names of base distributions: a number after one is no version of the image, and may change with it.
#[rustfmt::skip]
const BASE_DISTRIBUTIONS: &[&str] = &[
    "alpine", "debian", "ubuntu", "ubi", "centos", "fedora", "fc", "rockylinux", "rocky", "almalinux", "alma", "oraclelinux", "ol", "el",
    "leap", "sles", "sle", "bci", "amazonlinux", "amzn", "al", "photon", "wolfi", "azurelinux", "mariner",
];

/// Returns the version of another product at the start of `rest`, which follows `before`: `12.4` after `-cuda`, `1809` after
/// `-nanoserver-`, `1.29` after `-k8s-v`. It ends at the end of a word: `jdk8u222` has none.
pub(super) fn bundled_version<'t>(before: &str, rest: &'t str) -> Option<&'t str> {
    let mut end = digits(rest).len();
    if end == 0 || is_day(&rest[..end]) || timestamp_millis(&rest[..end]).is_some() {
        return None;
    }
    while rest[end..].starts_with('.') {
        match digits(&rest[end + 1..]).len() {
            0 => break,
            length => end += 1 + length,
        }
    }
    let is_end = |text: &&str| {
        let rest = rest[end..].strip_prefix(*text);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let version = &rest[..end + VERSION_ENDS.iter().find(|text| is_end(text))?.len()];
    let may_follow = |name: &&&str| !BEFORE_DOTTED.contains(*name) || version.contains('.');
    let follows_product =
        |before: &str| BUNDLED_PRODUCTS.iter().any(|(_, names)| follows(before, names.iter().filter(may_follow)));
    let before_v = before.strip_suffix('v').filter(|before| before.ends_with(['-', '_']));
    (follows_product(before) || before_v.is_some_and(follows_product)).then_some(version)
}

/// Returns whether a text ends with the name of a base distribution.
pub(super) fn follows_distribution(before: &str) -> bool {
    follows(before, BASE_DISTRIBUTIONS.iter())
}

/// Returns whether a text ends with one of these names, and at most a hyphen or an underscore after it.
fn follows<'n>(before: &str, mut names: impl Iterator<Item = &'n &'n str>) -> bool {
    let before = before.strip_suffix(['-', '_']).unwrap_or(before);
    before.ends_with(|c: char| c.is_ascii_alphanumeric())
        && names.any(|name| {
            let start = before.len().checked_sub(name.len());
            start.is_some_and(|start| {
                before.is_char_boundary(start)
                    && before[start..].eq_ignore_ascii_case(name)
                    && (!CASE_SENSITIVE.contains(name) || before.ends_with(name))
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
            ("3.9.5-amazoncorretto-",    "17-al2023",    Some("17")),
            ("3.9.5-graalvm-community-", "17",           Some("17")),
            ("0.40.0-kafka-",            "3.6.1",        Some("3.6.1")),
            ("0.3.1-cu",                 "118",          Some("118")),
            ("2022-CU",                  "12",           None),
            ("1.2-r",                    "4.3",          Some("4.3")),
            ("1.2-debian-12-r",          "8",            None),
            ("1.2-k8s-v",                "1.29",         Some("1.29")),
            ("1.2-nanoserver-",          "20H2-amd64",   Some("20H2")),
            ("1.2-oracle",               "19c",          Some("19c")),
            ("1.2-spark",                "20240101",     None),
            ("1.2-v",                    "3",            None),
            ("",                         "1.2",          None),
            ("1.2-mypg",                 "16",           None),
            ("1.2-jdk--",                "17",           None),
            ("täpg",                     "1",            None),
        ];
        for (before, rest, version) in rows {
            assert_eq!(bundled_version(before, rest), version, "{before}{rest}");
        }
    }
}
