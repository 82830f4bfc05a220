//! Products that an image contains and names in its tags: the `pg16` in `2.15.3-pg16`, the `jdk17` in `2.440.3-lts-jdk17`.
//!
//! Their number is not a version of the image: a newer one means another major version of a database, another language or
//! another host. So it stays as it is, while the release of a base distribution (`alpine3.20`, `debian-12`, `ubi9`) may change.

use super::architecture::ARCHITECTURES;
use super::scan::{digits, letters};
use super::stage::PreReleaseStage;
use super::timestamp::{is_day, timestamp_millis};

/// Words before the version of another product, in lower case, with what they have in common.
#[rustfmt::skip]
pub const BUNDLED_PRODUCTS: &[(&str, &[&str])] = &[
    ("databases",              &["pg", "pgsql", "postgres", "postgresql", "ppg", "mysql", "mariadb", "percona", "pxc", "mongo", "mongodb", "mongod", "mssql", "oracle", "db2",
                                 "redis", "valkey", "cassandra", "clickhouse", "neo4j", "postgis", "timescaledb", "timescale", "couchdb", "sqlite", "ora", "ldap", "sqlserver", "pgvector", "pgvectors", "vectorchord", "hbase", "h2", "ignite"]),
    ("search and messages",    &["elasticsearch", "elastic", "es", "opensearch", "solr", "lucene", "kafka", "pulsar", "rabbitmq", "zookeeper", "tika"]),
    (JAVA,                     &["jdk", "openjdk", "jre", "java", "jvm", "temurin", "corretto", "amazoncorretto", "zulu", "liberica", "sapmachine", "semeru", "dragonwell", "kona",
                                 "ibmjava", "j", "graal", "graalvm", "graalvm-community", "graalvm-ce", "graalvm-ee", "mandrel", "scala", "kotlin", "groovy", "gradle", "maven", "sbt",
                                 "quarkus", "spring", "springboot"]),
    ("other languages",        &["php", "fpm", "py", "python", "p", "pypy", "node", "nodejs", "deno", "bun", "ruby", "jruby", "go", "golang", "rust", "swift", "net", "dotnet", "dotnet-isolated", "netcore", "sdk", "aspnet", "mono",
                                 "pwsh", "powershell", "perl", "otp", "erlang", "elixir", "julia", "r", "lua", "luajit", "ghc", "cp", "ocaml", "dart", "flutter", "npm", "yarn", "pnpm",
                                 "django", "rails", "symfony", "laravel"]),
    ("compilers and libraries", &["gcc", "clang", "llvm", "msvc", "vs", "cmake", "android", "ndk", "ios", "xcode", "unity", "openssl", "opencv", "boost", "qt", "gdal",
                                 "glibc", "musl", "icu", "ffmpeg", "imagemagick", "openmpi", "mpich", "protoc", "oneapi", "gtk", "ros",
                                 "libtorrent", "libtorrentv"]),
    ("servers",                &["nginx", "openresty", "httpd", "apache", "tomcat", "jetty", "wildfly", "haproxy", "envoy", "vault", "consul", "jboss", "payara", "glassfish", "weblogic", "websphere",
                                 "liberty", "keycloak", "kc", "odoo", "wordpress", "drupal", "magento", "otel"]),
    ("browsers",               &["chrome", "chromium", "chromedriver", "firefox"]),
    ("machine learning",       &["torch", "pytorch", "tensorflow", "tf", "jax", "transformers", "onnxruntime", "tensorrt", "trt", "numpy", "pandas", "vllm", "ray", "triton"]),
    ("graphics processors",    &["cuda", "cu", "cudnn", "rocm", "l4t", "l4t-r", "jetpack", "jp", "sm", "gfx", "nvidia", "vulkan", "cann", "dtk"]),
    ("versions of Windows",    &["windows", "win", "nanoserver", "windowsservercore", "servercore", "ltsc", "lts", "sac", "server"]),
    ("clusters",               &["k8s", "kube", "kubernetes", "kubectl", "helm", "terraform", "tofu", "opentofu", "ansible", "hadoop", "hive", "spark", "iceberg", "delta", "hdp", "cdh", "emr", "flink", "airflow", "docker", "dind", "containerd", "istio",
                                 "etcd", "ocp", "cli-migrations"]),
];

/// The products whose versions have updates: `8u222`.
const JAVA: &str = "Java";

/// What may be between a product and its version.
const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// Words that count only as they are written here: SQL Server numbers its own updates, as in `2022-CU12`.
const CASE_SENSITIVE: &[&str] = &["cu"];

/// Words that count only before a version with a dot: `r4.3` and `p3.11` are languages, and `r8` and `p2` revisions of the image.
const BEFORE_DOTTED: &[&str] = &["r", "p", "h2"];

/// Words that count only before a year: `server2019` and `lts2022` are a Windows, and `server-2` a build.
const BEFORE_YEAR: &[&str] = &["server", "lts"];

/// Products that are built for a version of Scala, which comes before their own: `kafka_2.13-3.6.1`.
const BUILT_FOR_SCALA: &[&str] = &["kafka", "spark", "flink"];

/// Words that come between a product and its version: parts of the product, and releases of a distribution without a number.
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "v", "version", "sdk", "runtime", "devel", "base", "slim", "minimal", "cli", "zts", "nts", "lts", "hotspot",
    "trusty", "xenial", "bionic", "focal", "jammy", "noble", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie",
];

/// Distributions whose releases have a dot: the number in `temurin-alpine-17` is none of them.
const DOTTED_DISTRIBUTIONS: &[&str] = &["alpine", "ubuntu"];

/// Names that have a digit, which is no version.
pub(super) const NAMES_WITH_DIGITS: &[&str] = &["k8s", "db2", "h2", "neo4j", "l4t-r", "l4t", "openj9"];

/// Letters that end a version: Windows 20H2, Oracle 19c and 23ai.
const VERSION_ENDS: &[&str] = &["H1", "H2", "h1", "h2", "c", "g", "ai"];

/// Names of base distributions, and of a virtual machine that is released with its Java: a number after one is no version of the
/// image, and may change with it.
#[rustfmt::skip]
const BASE_DISTRIBUTIONS: &[&str] = &[
    "alpine", "debian", "ubuntu", "ubi", "centos", "fedora", "fc", "rockylinux", "rocky", "almalinux", "alma", "oraclelinux", "ol", "el",
    "leap", "sles", "sle", "bci", "amazonlinux", "amzn", "al", "photon", "wolfi", "azurelinux", "mariner", "openj9",
];

/// Returns the version of another product at the start of `rest`, which follows `before`: `12.4` after `-cuda`, `1809` after
/// `-nanoserver-`, `1.29` after `-k8s-v`, `8.0` after `-dotnet-sdk-`. It ends with what the product writes after its numbers, as
/// in `8u222-b10`, `17.0.1_12`, `16beta1`, `20H2`.
pub(super) fn bundled_version<'t>(before: &str, rest: &'t str) -> Option<&'t str> {
    let numbers = dotted(rest);
    let first = digits(numbers);
    if numbers.is_empty() || is_day(first) || timestamp_millis(first).is_some() {
        return None;
    }
    let group = product_group(before, numbers)?;
    let after = &rest[numbers.len()..];
    let is_end = |text: &&&str| {
        let after = after.strip_prefix(**text);
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let length = match VERSION_ENDS.iter().find(is_end) {
        Some(end) => end.len(),
        None if group == JAVA => java_update(numbers, after),
        None => 0,
    };
    let length = if length == 0 { attached_stage(after) } else { length };
    Some(&rest[..numbers.len() + length])
}

/// Returns whether a version of another product is a word without a dot or an update, such as the `16` of `pg16`.
pub(super) fn is_plain(version: &str) -> bool {
    !version.contains(['.', 'u'])
}

/// Returns the numbers with dots between them at the start of a text.
pub(super) fn dotted(text: &str) -> &str {
    let mut end = digits(text).len();
    while end > 0 && text[end..].starts_with('.') {
        match digits(&text[end + 1..]).len() {
            0 => break,
            length => end += 1 + length,
        }
    }
    &text[..end]
}

/// Returns the length of the update and the build of a Java: `u222-b10` after `8`, `_12` after `17.0.1`.
fn java_update(numbers: &str, after: &str) -> usize {
    let number_after = |text: &str, prefix: &str| {
        let length = text.strip_prefix(prefix).map_or(0, |rest| digits(rest).len());
        if length > 0 { prefix.len() + length } else { 0 }
    };
    match number_after(after, "u") {
        0 if numbers.matches('.').count() >= 2 => number_after(after, "_"),
        0 => 0,
        update => update + number_after(&after[update..], "-b").max(number_after(&after[update..], "b")),
    }
}

/// Returns the length of a pre-release stage that no separator divides from the numbers before it: `beta1` after `16`.
fn attached_stage(after: &str) -> usize {
    let word = letters(after).len();
    if word > 0 && PreReleaseStage::at(after).is_some() { word + digits(&after[word..]).len() } else { 0 }
}

/// Returns the group of the product that a text ends with, where this version follows.
fn product_group(before: &str, version: &str) -> Option<&'static str> {
    let mut before = without_scala_version(before);
    loop {
        let separated = before.strip_suffix(SEPARATORS);
        before = separated.unwrap_or(before);
        let is_year = version.len() == 4 && version.starts_with("20");
        let may_follow = |name: &&&str| {
            (!BEFORE_DOTTED.contains(*name) || version.contains('.')) && (!BEFORE_YEAR.contains(*name) || is_year)
        };
        if let Some((group, _)) =
            BUNDLED_PRODUCTS.iter().find(|(_, names)| ends_with_name(before, names.iter().filter(may_follow)).is_some())
        {
            return Some(group);
        }
        // In `jdk-ubuntu22` the number is that of the distribution.
        let undotted = if version.contains('.') || separated.is_none() { &[] } else { DOTTED_DISTRIBUTIONS };
        let between = BETWEEN.iter().chain(undotted).chain(ARCHITECTURES);
        let name = ends_with_name(before, between)?;
        before = Some(&before[..before.len() - name.len()]).filter(|rest| rest.ends_with(SEPARATORS))?;
    }
}

/// Returns whether the version at the start of `rest` is the version of Scala before that of a product: `2.13` in `kafka_2.13-3.6.1`.
pub(super) fn precedes_version(before: &str, rest: &str) -> bool {
    let version = dotted(rest);
    let product = before.strip_suffix('_').filter(|text| ends_with_name(text, BUILT_FOR_SCALA.iter()).is_some());
    let next = rest[version.len()..].strip_prefix('-');
    product.is_some() && is_scala_version(version) && next.is_some_and(|next| !digits(next).is_empty())
}

/// Returns whether a version is one of Scala 2 whose libraries do not fit another one: `2.12`, `2.13`.
fn is_scala_version(version: &str) -> bool {
    version.strip_prefix("2.1").is_some_and(|rest| rest.len() == 1 && digits(rest) == rest)
}

/// Returns a text without the version of Scala at its end, where it follows a product that is built for one.
fn without_scala_version(text: &str) -> &str {
    let product = text.strip_suffix('-').and_then(|text| {
        let (product, version) = text.rsplit_once('_')?;
        is_scala_version(version).then_some(product)
    });
    product.filter(|product| ends_with_name(product, BUILT_FOR_SCALA.iter()).is_some()).unwrap_or(text)
}

/// Returns whether a text ends with the name of a base distribution.
pub(super) fn follows_distribution(before: &str) -> bool {
    ends_with_name(before.strip_suffix(SEPARATORS).unwrap_or(before), BASE_DISTRIBUTIONS.iter()).is_some()
}

/// Returns which of these names a text ends with, as a word or after a number.
fn ends_with_name<'n>(text: &str, mut names: impl Iterator<Item = &'n &'n str>) -> Option<&'n str> {
    let name = names.find(|name| {
        let start = text.len().checked_sub(name.len());
        start.is_some_and(|start| {
            text.is_char_boundary(start)
                && text[start..].eq_ignore_ascii_case(name)
                && (!CASE_SENSITIVE.contains(name) || text.ends_with(**name))
                && !text[..start].ends_with(char::is_alphabetic)
        })
    });
    name.copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_names_with_digits() {
        let names = BUNDLED_PRODUCTS.iter().flat_map(|(_, names)| *names).chain(BASE_DISTRIBUTIONS);
        let with_digits: Vec<&str> =
            names.copied().filter(|name| name.contains(|c: char| c.is_ascii_digit())).collect();
        for name in &with_digits {
            assert!(NAMES_WITH_DIGITS.contains(name), "{name}");
        }
        assert_eq!(with_digits.len(), NAMES_WITH_DIGITS.len());
    }

    #[test]
    fn finds_versions_after_other_words() {
        #[rustfmt::skip]
        let rows = [
            ("4.0-dotnet-isolated",      "8.0",          Some("8.0")),
            ("1.2-sdk-",                 "8",            Some("8")),
            ("1.2-l4t-r",                "35",           Some("35")),
            ("1.2-l4t-r",                "35.2.1",       Some("35.2.1")),
            ("2.36.0.cli-migrations-v",  "3",            Some("3")),
            ("1.2-kafka_",               "2.13-3.6",     Some("2.13")),
            ("1.2-kafka_2.13-",          "3.6.1",        Some("3.6.1")),
            ("1.2-spark_2.12-",          "3.5",          Some("3.5")),
            ("1.2-other_2.13-",          "3.6",          None),
            ("1.2-kafka-",               "3.6-r1",       Some("3.6")),
            ("1.2-jdk-ubuntu",           "22",           None),
            ("1.2-django",               "4.2",          Some("4.2")),
            ("1.2-sm",                   "80",           Some("80")),
        ];
        for (before, rest, version) in rows {
            assert_eq!(bundled_version(before, rest), version, "{before}{rest}");
        }
    }

    #[test]
    fn finds_versions_after_short_words() {
        #[rustfmt::skip]
        let rows = [
            ("1.2-jp",                   "5",            Some("5")),
            ("1.2-j",                    "17",           Some("17")),
            ("1.2-p",                    "3.11",         Some("3.11")),
            ("1.2.3-p",                  "2",            None),
            ("1.2-lts",                  "2022",         Some("2022")),
            ("2.4-lts-",                 "3",            None),
            ("1.2-h2-",                  "2.1",          Some("2.1")),
            ("1.2-sqlserver",            "2019",         Some("2019")),
            ("1.2-gfx",                  "1030",         Some("1030")),
            ("14-vectorchord",           "0.3.0-x",      Some("0.3.0")),
        ];
        for (before, rest, version) in rows {
            assert_eq!(bundled_version(before, rest), version, "{before}{rest}");
        }
    }

    #[test]
    fn finds_versions_of_other_products() {
        #[rustfmt::skip]
        let rows = [
            ("2.15.3-pg",                "16",           Some("16")),
            ("3.9.5-eclipse-temurin-",   "17-alpine",    Some("17")),
            ("2.3.0-cuda",               "12.4.1-cudnn", Some("12.4.1")),
            ("1.0.0-LTSC",               "2022",         Some("2022")),
            ("x86_64-ubuntu-jdk",        "8u222-b10_x",  Some("8u222-b10")),
            ("1.2.3-jdk",                "8u222b10",     Some("8u222b10")),
            ("1.2.3-jdk",                "17u",          Some("17")),
            ("1.2.3-jre-",               "17.0.1_12-a",  Some("17.0.1_12")),
            ("1.2.3-jdk",                "17_2",         Some("17")),
            ("1.2.3-kafka-",             "3.6.1_2",      Some("3.6.1")),
            ("1.2.3jdk",                 "17",           Some("17")),
            ("1.2.3-py",                 "310cu118",     Some("310")),
            ("1.2.3-py310cu",            "118",          Some("118")),
            ("pg",                       "16beta1-2",    Some("16beta1")),
            ("1.2-python",               "3.13.0rc1",    Some("3.13.0rc1")),
            ("1.2-jdk",                  "17-rc1",       Some("17")),
            ("1.2-jdk",                  "17hotspot",    Some("17")),
            ("1.2-pg.",                  "16.2",         Some("16.2")),
            ("1.2-db2-",                 "11.5",         Some("11.5")),
            ("dotnet-sdk-",              "8.0",          Some("8.0")),
            ("1.2-temurin-jammy-",       "17",           Some("17")),
            ("1.2-python-slim-bookworm-", "3.12",        Some("3.12")),
            ("1.2-temurin-alpine-",      "17",           Some("17")),
            ("1.2-php-alpine-",          "3.20",         None),
            ("1.2-php-debian-",          "12",           None),
            ("1.2-jammy-",               "17",           None),
            ("1.2-node-build-",          "77",           None),
            ("1.2-phpslim-",             "8.3",          None),
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
            ("1.2-windows-amd64-",       "20H2",         Some("20H2")),
            ("1.2-server",               "2019",         Some("2019")),
            ("1.2-server-",              "12",           None),
            ("1.2-es",                   "8",            Some("8")),
            ("1.2-graal",                "23",           Some("23")),
            ("1.2-amd64-",               "12",           None),
            ("1.2-jdk--",                "17",           None),
            ("täpg",                     "1",            None),
        ];
        for (before, rest, version) in rows {
            assert_eq!(bundled_version(before, rest), version, "{before}{rest}");
        }
    }
}
