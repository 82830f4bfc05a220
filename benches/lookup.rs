//! What lookups cost: time, processor, memory, requests.
//!
//! - `cargo bench --bench lookup -- lists [IMAGES] [TAGS]` (1000 and 1000): the tag lists of many images of Debian's
//!   `docker-registry`, which has to be on the PATH, beside a bare concurrent lister of the same URLs; three runs each, in
//!   turns, each in a process of its own.
//! - `cargo bench --bench lookup -- long [TAGS]` (100000): one image with many tags, in pages of several lengths.
//! - `cargo bench --bench lookup -- far [IMAGES] [REGISTRIES] [MS]` (58, 4 and 50): registries a round trip of MS away, cold;
//!   open ones, and ones that want a token for each image.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, starts servers and processes, and ends at the first surprise"
)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tagboat::image::ImageName;
use tagboat::registry::{HostSettings, Keychain, Registries, Registry, ResponseLimits};

use crate::http_double::{Double, ReceivedRequest, Reply};

#[expect(dead_code, reason = "benchmarks need no faults")]
#[path = "../tests/it/support/http_double.rs"]
mod http_double;

#[path = "support/delay.rs"]
mod delay;

/// Images that are looked up at a time by the bare lister: what the library allows itself per registry.
const AT_A_TIME: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |at: usize, usual: usize| arguments.get(at).map_or(usual, |text| text.parse().unwrap());
    match arguments.first().map_or("lists", String::as_str) {
        "lister" => report(&arguments[1], number(2, 1), &arguments[3..]),
        "long" => long(number(1, 100_000)),
        "far" => far(number(1, 58), number(2, 4), Duration::from_millis(number(3, 50) as u64)),
        _ => lists(number(1, 1000), number(2, 1000)),
    }
}

/// Lists in a process of its own, and prints what that took.
fn list(title: &str, kind: &str, images: usize, hosts: &[String]) {
    let mut lister = Command::new(std::env::current_exe().unwrap());
    let output = lister.args(["lister", kind, &images.to_string()]).args(hosts).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{title:28} {}", String::from_utf8(output.stdout).unwrap());
}

/// Fills a registry and lets both listers run against it.
fn lists(images: usize, tags: usize) {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), images, tags);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Ok(mut server) = serve(folder.path(), port) else {
        println!("docker-registry is not installed");
        return;
    };
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let host = [format!("127.0.0.1:{port}")];
    println!("{images} images x {tags} tags; wall s, CPU s, peak MB, tags, registry and token requests");
    for round in 1..=3 {
        list(&format!("bare {round}"), "bare", images, &host);
        list(&format!("tagboat {round}"), "tagboat", images, &host);
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

/// One image with many tags, cut into pages in several ways: memory has to be that of the tags.
fn long(tags: usize) {
    println!("one image x {tags} tags; wall s, CPU s, peak MB, tags, registry and token requests");
    let all: Arc<[String]> = (0..tags).map(|tag| format!("v{tag:08}")).collect();
    for page in [100, 1000, tags] {
        let all = all.clone();
        let answer = move |request: &ReceivedRequest| {
            let start = request.query("last").map_or(0, |last| all.partition_point(|tag| *tag <= last));
            let end = (start + page).min(all.len());
            let reply = Reply::tags(&all[start..end]);
            if end < all.len() {
                reply.header("link", &format!("<?last={}>; rel=\"next\"", all[end - 1]))
            } else {
                reply
            }
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(Double::start(answer));
        list(&format!("tagboat, pages of {page}"), "tagboat", 1, &[server.host()]);
    }
}

/// Registries that are far away, each behind a line of its own.
fn far(images: usize, registries: usize, round_trip: Duration) {
    let away = round_trip.as_millis();
    println!("{images} images on {registries} registries {away} ms away; wall s, CPU s, peak MB, tags, requests");
    for (title, answer) in [("open", open as fn(&ReceivedRequest) -> Reply), ("with tokens", with_tokens)] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let lines = runtime.block_on(async {
            let mut lines = Vec::new();
            for _ in 0..registries {
                let server = Double::start(answer).await;
                lines.push((delay::line(server.host(), round_trip).await, server));
            }
            lines
        });
        let hosts: Vec<String> = lines.iter().map(|(host, _)| host.clone()).collect();
        for round in 1..=3 {
            list(&format!("tagboat, {title} {round}"), "tagboat", images, &hosts);
        }
    }
}

fn open(_: &ReceivedRequest) -> Reply {
    Reply::tags((0..100).map(|tag| format!("v1.{tag}.0")))
}

/// Requests a token for the very image, of a service beside it.
fn with_tokens(request: &ReceivedRequest) -> Reply {
    if request.path() == "/token" {
        return Reply::new(200, format!(r#"{{"token":"{}","expires_in":300}}"#, request.query("scope").unwrap()));
    }
    let scope = format!("repository:{}:pull", &request.path()["/v2/".len()..request.path().len() - "/tags/list".len()]);
    match request.header("authorization") {
        Some(sent) if sent == format!("Bearer {scope}") => open(request),
        _ => Reply::new(401, "")
            .header("www-authenticate", &format!(r#"Bearer realm="/token",service="far",scope="{scope}""#)),
    }
}

/// The storage of a registry in which all images share their tags, and all tags one manifest: written in no time.
fn fill(root: &Path, images: usize, tags: usize) {
    let digest = format!("sha256:{}", "0".repeat(64));
    let repositories = root.join("docker/registry/v2/repositories");
    let current = root.join("tag/current");
    fs::create_dir_all(&current).unwrap();
    fs::write(current.join("link"), digest).unwrap();
    let shared = root.join("tags");
    fs::create_dir_all(&shared).unwrap();
    for tag in 0..tags {
        symlink(root.join("tag"), shared.join(format!("v1.{}.{}", tag / 100, tag % 100))).unwrap();
    }
    for image in 0..images {
        let manifests = repositories.join(format!("app{image}/_manifests"));
        fs::create_dir_all(&manifests).unwrap();
        symlink(&shared, manifests.join("tags")).unwrap();
    }
}

fn serve(root: &Path, port: u16) -> std::io::Result<Child> {
    let config = root.join("config.yml");
    let log = "log: {level: error, accesslog: {disabled: true}}";
    let storage = format!("storage: {{filesystem: {{rootdirectory: {}, maxthreads: 100}}}}", root.display());
    fs::write(&config, format!("version: 0.1\n{log}\n{storage}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n")).unwrap();
    Command::new("docker-registry").arg("serve").arg(config).spawn()
}

/// Lists everything, keeping only how much it was, and prints what it took.
fn report(kind: &str, images: usize, hosts: &[String]) {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (tags, registry, token) = runtime.block_on(async {
        match kind {
            "bare" => bare(&hosts[0], images).await,
            _ => tagboat(hosts, images).await,
        }
    });
    let wall = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks: Vec<f64> = stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // After the name and the state, user and system time are the 11th and 12th field, in hundredths of a second.
    let cpu = (ticks[10] + ticks[11]) / 100.0;
    println!("{wall:.2} {cpu:.2} {:.1} {tags} {registry} {token}", peak / 1024.0);
}

async fn tagboat(hosts: &[String], images: usize) -> (usize, u64, u64) {
    let settings = HostSettings { plain_http: true, ..HostSettings::default() };
    let registries = hosts.iter().map(|host| (host.clone(), settings.clone())).collect();
    let registries = Registries::connect(registries, Keychain::default(), ResponseLimits::default()).unwrap();
    let registries = Arc::new(registries);
    let lists = stream::iter(0..images).map(|image| {
        let registries = registries.clone();
        let name = ImageName::new(&format!("{}/app{image}", hosts[image % hosts.len()])).unwrap();
        async move { tokio::spawn(async move { registries.tags(&name).await.unwrap().len() }).await.unwrap() }
    });
    let tags = lists.buffer_unordered(AT_A_TIME * hosts.len()).fold(0, async |sum, tags| sum + tags).await;
    let sent = registries.requests();
    (tags, sent.registry, sent.token)
}

/// The least that a lister can do: the same URLs, each answer read into a list of texts.
async fn bare(host: &str, images: usize) -> (usize, u64, u64) {
    #[derive(Deserialize)]
    struct List {
        tags: Vec<String>,
    }
    tagboat::http::install_tls();
    let client = reqwest::Client::new();
    let lists = stream::iter(0..images).map(|image| {
        let (client, url) = (client.clone(), format!("http://{host}/v2/app{image}/tags/list?n=1000"));
        async move {
            let list = async move { client.get(url).send().await.unwrap().json::<List>().await.unwrap().tags.len() };
            tokio::spawn(list).await.unwrap()
        }
    });
    (lists.buffer_unordered(AT_A_TIME).fold(0, async |sum, tags| sum + tags).await, images as u64, 0)
}
