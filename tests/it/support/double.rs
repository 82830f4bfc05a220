//! A code host on loopback: serves one vendor's API over a [`CodeHost`], writes down every request, checks requests and
//! answers against the vendor's description, and fails on demand. It runs on a thread of its own, so that a test may
//! block while the program under test talks to it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::code_host::CodeHost;
use super::repository::Bare;
use super::spec::{Description, Spec};

/// A request, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As sent, still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    /// JSON, or null without a body.
    pub(crate) body: Value,
}

impl Request {
    /// The parts of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let parts = self.path.trim_matches('/').split('/');
        parts
            .map(|part| {
                url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes()).map(|(k, _)| k.into_owned()).collect()
            })
            .collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }

    /// The strings of a list in the body.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        let list = self.body[field].as_array().into_iter().flatten();
        list.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: vec![], body }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One vendor's API.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// The root of the API on its host: `/api/v3`.
    pub(crate) root: &'static str,
    /// The prefix of the paths that the description leaves out.
    pub(crate) undescribed: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) described: Description,
    /// How a person is written in the configuration, by the name in the [`CodeHost`].
    pub(crate) person: fn(&str) -> String,
    /// Whether a pull request closes when its branch is deleted.
    pub(crate) closes_with_branch: bool,
    /// Whether descriptions are whole in a list; else they have to be asked for one by one.
    pub(crate) lists_whole: bool,
    /// Answers; `site` is `http://127.0.0.1:port`.
    pub(crate) answer: fn(site: &str, host: &mut CodeHost, request: &Request) -> Answer,
}

/// How a request goes wrong, once.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Another answer, and nothing done.
    Instead(Answer),
    /// Done, but the answer is lost on the way.
    Lost(Answer),
    /// The answer is cut in the middle.
    Cut,
    /// The answer comes late.
    Slow(Duration),
}

/// What the server's thread and the test share.
struct Stage {
    host: CodeHost,
    log: Vec<Request>,
    faults: VecDeque<(&'static str, Fault)>,
    spec: Option<Arc<Spec>>,
    wrong: Vec<String>,
}

/// A running double. When it is dropped, it stops, and panics if a request or an answer was against the description.
pub(crate) struct Double {
    /// The API's address, for the settings.
    pub(crate) api_url: String,
    /// `owner/name` in the vendor's words.
    pub(crate) repository: &'static str,
    stage: Arc<Mutex<Stage>>,
    stop: Option<oneshot::Sender<()>>,
}

/// A token that may do everything.
pub(crate) const TOKEN: &str = "token-of-tagboat";
/// A token that may only read.
pub(crate) const READER: &str = "token-that-reads";

impl Double {
    /// Starts a vendor's API over a bare repository.
    pub(crate) fn start(vendor: &'static Vendor, bare: &Path) -> Self {
        let spec = Spec::load(vendor.described);
        let host = CodeHost { closes_with_branch: vendor.closes_with_branch, ..CodeHost::new(Bare::at(bare)) };
        let stage = Stage { host, log: vec![], faults: VecDeque::new(), spec, wrong: vec![] };
        let stage = Arc::new(Mutex::new(stage));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (shared, at) = (Arc::clone(&stage), site.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, vendor, at, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { api_url: format!("{site}{}", vendor.root), repository: vendor.repository, stage, stop: Some(stop) }
    }

    /// The host's state, to look at or to act in as a person.
    pub(crate) fn host<T>(&self, act: impl FnOnce(&mut CodeHost) -> T) -> T {
        let mut stage = self.lock();
        stage.host.follow_branches();
        act(&mut stage.host)
    }

    /// Makes the next request with that method go wrong; `GRAPHQL` is a POST of its own kind.
    pub(crate) fn fail(&self, method: &'static str, fault: Fault) {
        self.lock().faults.push_back((method, fault));
    }

    /// Requests so far, and forgets them.
    pub(crate) fn take_log(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().log)
    }

    /// `POST /path` of every request that is not a read, since the log was taken last.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = &self.lock().log;
        log.iter().filter(|r| r.method != "GET").map(|r| format!("{} {}", r.method, r.path)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if !std::thread::panicking() {
            let wrong = std::mem::take(&mut self.lock().wrong);
            assert!(wrong.is_empty(), "against the vendor's description:\n{}", wrong.join("\n"));
        }
    }
}

async fn serve(listener: std::net::TcpListener, vendor: &'static Vendor, site: String, stage: Arc<Mutex<Stage>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (stage, site) = (Arc::clone(&stage), site.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| handle(vendor, &site, &stage, request));
            let connection = hyper::server::conn::http1::Builder::new();
            connection.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await.ok();
        });
    }
}

async fn handle(
    vendor: &Vendor,
    site: &str,
    stage: &Mutex<Stage>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let request = take_apart(request).await;
    let (fault, answer) = {
        let mut stage = stage.lock().unwrap();
        stage.log.push(request.clone());
        let kind = if request.path.ends_with("/graphql") { "GRAPHQL" } else { &request.method };
        let at = stage.faults.iter().position(|(method, _)| *method == kind);
        let fault = at.and_then(|at| stage.faults.remove(at)).map(|(_, fault)| fault);
        let answer = match &fault {
            Some(Fault::Instead(_)) => None,
            _ => Some(answer_and_check(vendor, site, &mut stage, &request)),
        };
        (fault, answer)
    };
    if let Some(Fault::Slow(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let cut = matches!(fault, Some(Fault::Cut));
    let answer = match fault {
        Some(Fault::Instead(answer) | Fault::Lost(answer)) => answer,
        _ => answer.unwrap(),
    };
    let mut response = hyper::Response::builder().status(answer.status).header("content-type", "application/json");
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let mut bytes = if answer.body.is_null() { vec![] } else { answer.body.to_string().into_bytes() };
    if cut {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(response.body(Full::new(Bytes::from(bytes))).unwrap())
}

fn answer_and_check(vendor: &Vendor, site: &str, stage: &mut Stage, request: &Request) -> Answer {
    let path = request.path.strip_prefix(vendor.undescribed).unwrap_or(&request.path);
    let wrong =
        stage.spec.as_ref().map_or(vec![], |spec| spec.request(&request.method, path, &request.query, &request.body));
    if !wrong.is_empty() {
        let answer = Answer::new(400, json!({ "message": wrong.join("; ") }));
        stage.wrong.extend(wrong);
        return answer;
    }
    stage.host.follow_branches();
    let answer = (vendor.answer)(site, &mut stage.host, request);
    let wrong =
        stage.spec.as_ref().map_or(vec![], |spec| spec.response(&request.method, path, answer.status, &answer.body));
    stage.wrong.extend(wrong);
    answer
}

async fn take_apart(request: hyper::Request<Incoming>) -> Request {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let query = parts.uri.query().unwrap_or_default();
    let headers = parts.headers.iter();
    Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
        body: if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(json!("not JSON")) },
    }
}
