//! A code host on loopback: serves the API of a vendor over a [`CodeHost`], records every request, checks requests and
//! responses against the vendor's description, and fails on demand. It runs on its own thread, so a test can block while the
//! program under test sends requests.

use std::collections::VecDeque;
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

/// A parsed request.
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
    /// Returns the decoded segments of the path.
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

    /// Returns the strings of a list in the body.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        let list = self.body[field].as_array().into_iter().flatten();
        list.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

/// A response.
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

/// The API of a vendor.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// The root of the API on its host: `/api/v3`.
    pub(crate) root: &'static str,
    /// The prefix of paths that the description omits.
    pub(crate) undescribed: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) described: Description,
    /// Returns how the configuration names a person of the [`CodeHost`].
    pub(crate) person: fn(&str) -> String,
    /// Whether a pull request closes when its branch is deleted.
    pub(crate) closes_with_branch: bool,
    /// Whether lists of pull requests contain complete descriptions; if not, each one needs a request.
    pub(crate) lists_descriptions: bool,
    /// How it answers requests for a repository that was renamed.
    pub(crate) renaming: Renaming,
    /// Answers a request; `site` is `http://127.0.0.1:port`.
    pub(crate) answer: fn(site: &str, host: &mut CodeHost, request: &Request) -> Answer,
}

/// How a vendor answers requests with the former name of a repository.
pub(crate) enum Renaming {
    /// 301 to the route with the new name, whatever the method.
    ByName { route: fn(&str) -> String },
    /// A redirect to this route with an id: 301 for reads, 307 for writes.
    ById { route: fn(&str) -> String, id: &'static str },
    /// The same for reads; 405 for writes.
    ReadsOnly { route: fn(&str) -> String, id: &'static str },
    /// It does not know the former name.
    None,
}

impl Renaming {
    /// Returns the request as it is for the former name, or the answer to a request with that name. Only if the repository has a new
    /// name.
    fn resolve(&self, vendor: &Vendor, new_name: &str, request: &Request) -> Result<Request, Answer> {
        let (route, id) = match self {
            Self::ByName { route } => (route, None),
            Self::ById { route, id } | Self::ReadsOnly { route, id } => (route, Some(*id)),
            Self::None => return Ok(request.clone()),
        };
        let translated = with_former_name(vendor.repository, new_name, request);
        let [old, new] = [vendor.repository, new_name].map(|name| format!("{}{}", vendor.root, route(name)));
        let new = id.map_or(new, |id| format!("{}{id}", vendor.root));
        if let Some(rest) = request.path.strip_prefix(&new) {
            return Ok(Request { path: format!("{old}{rest}"), ..translated });
        }
        let Some(rest) = request.path.strip_prefix(&old) else { return Ok(translated) };
        let is_read = request.method == "GET";
        if !is_read && matches!(self, Self::ReadsOnly { .. }) {
            let message = "405 Method Not Allowed: Non GET methods are not allowed for moved projects";
            return Err(Answer::new(405, json!({ "message": message })));
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(&request.query).finish();
        let status = if is_read || matches!(self, Self::ByName { .. }) { 301 } else { 307 };
        let location = if query.is_empty() { format!("{new}{rest}") } else { format!("{new}{rest}?{query}") };
        Err(Answer::new(status, json!({ "message": "Moved" })).header("location", &location))
    }
}

/// Returns a request with the former name of a repository in its query and body in place of the new one.
fn with_former_name(former: &str, new: &str, request: &Request) -> Request {
    let ((former_owner, former_name), (owner, name)) = (former.split_once('/').unwrap(), new.split_once('/').unwrap());
    let pair = |key: &str, value: &str| format!("\"{key}\":\"{value}\"");
    let body = request.body.to_string().replace(new, former);
    let body = body.replace(&pair("owner", owner), &pair("owner", former_owner));
    let body = serde_json::from_str(&body.replace(&pair("name", name), &pair("name", former_name))).unwrap();
    let query = request.query.iter().map(|(key, value)| {
        let branch = value.strip_prefix(owner).and_then(|rest| rest.strip_prefix(':'));
        (key.clone(), branch.map_or(value.clone(), |branch| format!("{former_owner}:{branch}")))
    });
    Request { body, query: query.collect(), ..request.clone() }
}

/// A fault that applies to one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Another response; the request is not carried out.
    Instead(Answer),
    /// Another response; the request is carried out.
    Lost(Answer),
    /// The response ends in the middle.
    Cut,
    /// The response is late.
    Slow(Duration),
    /// There is no response: the connection is closed. The request is carried out.
    Reset,
    /// The response has this body, which is not JSON, and status 200; the request is not carried out.
    Text(&'static str),
}

/// What happens at one request of a run.
#[derive(Clone, Debug)]
pub(crate) enum Interruption {
    /// A fault.
    Fault(Fault),
    /// The process of the run ends before the request arrives.
    KillBefore,
    /// The process of the run ends before the response arrives.
    KillAfter,
}

/// State that the thread of the server and the test share.
struct Shared {
    host: CodeHost,
    log: Vec<Request>,
    faults: VecDeque<(&'static str, Fault)>,
    spec: Option<Arc<Spec>>,
    wrong: Vec<String>,
    /// How many more requests pass before the interruption.
    interruption: Option<(usize, Interruption)>,
    /// Called when the process is to end.
    kill: Arc<tokio::sync::Notify>,
}

/// A running double. When dropped, it stops, and panics if a request or a response contradicted the description.
pub(crate) struct Double {
    pub(crate) vendor: &'static Vendor,
    /// The API's address, for the settings.
    pub(crate) api_url: String,
    /// `owner/name`, in the notation of the vendor.
    pub(crate) repository: &'static str,
    state: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
}

/// A token with all permissions.
pub(crate) const TOKEN: &str = "token-of-tagboat";
/// A token with read permission only.
pub(crate) const READER: &str = "token-that-reads";

impl Double {
    /// Starts the API of a vendor over a bare repository.
    pub(crate) fn start(vendor: &'static Vendor, bare: &Path) -> Self {
        let spec = Spec::load(vendor.described);
        let host = CodeHost { closes_with_branch: vendor.closes_with_branch, ..CodeHost::new(Bare::at(bare)) };
        let state = Shared {
            host,
            log: vec![],
            faults: VecDeque::new(),
            spec,
            wrong: vec![],
            interruption: None,
            kill: Arc::default(),
        };
        let state = Arc::new(Mutex::new(state));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (shared, address) = (Arc::clone(&state), site.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, vendor, address, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            vendor,
            api_url: format!("{site}{}", vendor.root),
            repository: vendor.repository,
            state,
            stop: Some(stop),
        }
    }

    /// Reads or changes the state of the host, as a person would.
    pub(crate) fn host<T>(&self, act: impl FnOnce(&mut CodeHost) -> T) -> T {
        let mut state = self.lock();
        state.host.follow_branches();
        act(&mut state.host)
    }

    /// Adds a fault for the next request with this method; `GRAPHQL` means a POST to the GraphQL API.
    pub(crate) fn fail(&self, method: &'static str, fault: Fault) {
        self.lock().faults.push_back((method, fault));
    }

    /// Interrupts the run at its request with this number, from 0. Returns what tells when the process is to end.
    pub(crate) fn interrupt(&self, number: usize, interruption: Interruption) -> Arc<tokio::sync::Notify> {
        let mut state = self.lock();
        state.interruption = Some((number, interruption));
        Arc::clone(&state.kill)
    }

    /// Removes an interruption and faults that did not happen. Returns whether an interruption happened.
    pub(crate) fn clear_interruption(&self) -> bool {
        let mut state = self.lock();
        state.faults.clear();
        state.interruption.take().is_none()
    }

    /// Returns the requests since the last call.
    pub(crate) fn take_log(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().log)
    }

    /// Returns `POST /path` of every write since the last call of [`Self::take_log`].
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = &self.lock().log;
        log.iter().filter(|r| r.method != "GET").map(|r| format!("{} {}", r.method, r.path)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if !std::thread::panicking() {
            let wrong = std::mem::take(&mut self.lock().wrong);
            assert!(wrong.is_empty(), "contradicts the vendor's description:\n{}", wrong.join("\n"));
        }
    }
}

async fn serve(listener: std::net::TcpListener, vendor: &'static Vendor, site: String, state: Arc<Mutex<Shared>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (state, site) = (Arc::clone(&state), site.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| handle(vendor, &site, &state, request));
            let connection = hyper::server::conn::http1::Builder::new();
            connection.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await.ok();
        });
    }
}

/// The connection is closed without a response.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed")
    }
}

impl std::error::Error for Closed {}

async fn handle(
    vendor: &Vendor,
    site: &str,
    state: &Mutex<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Closed> {
    let request = parse(request).await;
    let (fault, answer) = {
        let mut state = state.lock().unwrap();
        state.log.push(request.clone());
        let kind = if request.path.ends_with("/graphql") { "GRAPHQL" } else { &request.method };
        let at = state.faults.iter().position(|(method, _)| *method == kind);
        let mut fault = at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault);
        match state.interruption.take() {
            Some((0, Interruption::Fault(interruption))) => fault = Some(interruption),
            Some((0, kill)) => {
                if matches!(kill, Interruption::KillAfter) {
                    answer_and_check(vendor, site, &mut state, &request);
                }
                state.kill.notify_one();
                return Err(Closed);
            }
            Some((number, later)) => state.interruption = Some((number - 1, later)),
            None => {}
        }
        let answer = match &fault {
            Some(Fault::Instead(_) | Fault::Text(_)) => None,
            _ => Some(answer_and_check(vendor, site, &mut state, &request)),
        };
        (fault, answer)
    };
    if let Some(Fault::Slow(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let cut = matches!(fault, Some(Fault::Cut));
    let answer = match fault {
        Some(Fault::Reset) => return Err(Closed),
        Some(Fault::Text(body)) => {
            let response = hyper::Response::builder().header("content-type", "text/html");
            return Ok(response.body(Full::new(Bytes::from(body))).unwrap());
        }
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

fn answer_and_check(vendor: &Vendor, site: &str, state: &mut Shared, request: &Request) -> Answer {
    let Some(new_name) = state.host.new_name else { return answer_by_name(vendor, site, state, request) };
    let mut answer = match vendor.renaming.resolve(vendor, new_name, request) {
        Ok(request) => answer_by_name(vendor, site, state, &request),
        Err(moved) => return moved,
    };
    answer.body = serde_json::from_str(&answer.body.to_string().replace(vendor.repository, new_name)).unwrap();
    answer
}

/// Answers a request with the name that the repository had at the start.
fn answer_by_name(vendor: &Vendor, site: &str, state: &mut Shared, request: &Request) -> Answer {
    let path = request.path.strip_prefix(vendor.undescribed).unwrap_or(&request.path);
    let wrong =
        state.spec.as_ref().map_or(vec![], |spec| spec.request(&request.method, path, &request.query, &request.body));
    if !wrong.is_empty() {
        let answer = Answer::new(400, json!({ "message": wrong.join("; ") }));
        state.wrong.extend(wrong);
        return answer;
    }
    state.host.follow_branches();
    let answer = (vendor.answer)(site, &mut state.host, request);
    let wrong =
        state.spec.as_ref().map_or(vec![], |spec| spec.response(&request.method, path, answer.status, &answer.body));
    state.wrong.extend(wrong);
    answer
}

async fn parse(request: hyper::Request<Incoming>) -> Request {
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
