//! A server that answers as a test defines, including broken and slow responses, and records the requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A received request.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) target: String,
    /// Headers, with names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
}

/// How a response is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Complete and immediately.
    Whole,
    /// This number of bytes of the body, then the connection closes.
    Cut(usize),
    /// With this `Content-Length` instead of that of the body.
    Claims(usize),
    /// Nothing; the connection stays open.
    Silence,
    /// Byte by byte, with this pause.
    Drip(Duration),
    /// Nothing; the connection closes.
    Hangup,
}

/// A running server, which stops when dropped.
pub(crate) struct Double {
    port: u16,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    server: JoinHandle<()>,
}

impl ReceivedRequest {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), manner: Manner::Whole }
    }

    /// Returns a page of tags.
    pub(crate) fn tags<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Vec<String> = tags.into_iter().map(|tag| tag.as_ref().to_owned()).collect();
        Self::new(200, serde_json::json!({ "name": "x", "tags": tags }).to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

impl Double {
    /// Starts a server on a free port.
    pub(crate) async fn start(answer: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let (kept, answer) = (received.clone(), Arc::new(answer));
        let server = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, kept.clone(), answer.clone()));
            }
        });
        Self { port, received, server }
    }

    /// Returns `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns another name of this server, which is a different host for credentials.
    pub(crate) fn other_host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Returns all requests so far.
    pub(crate) fn received(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    kept: Arc<Mutex<Vec<ReceivedRequest>>>,
    answer: Arc<impl Fn(&ReceivedRequest) -> Reply>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        kept.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        if write(&mut stream, &request, reply).await.is_none() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<ReceivedRequest> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer[end..end + length].to_vec()).unwrap();
    buffer.drain(..end + length);
    Some(ReceivedRequest { method, target, headers, body })
}

/// Returns `None` to close the connection.
async fn write(stream: &mut TcpStream, request: &ReceivedRequest, reply: Reply) -> Option<()> {
    let length = match reply.manner {
        Manner::Claims(length) => length,
        _ => reply.body.len(),
    };
    let mut head = format!("HTTP/1.1 {} x\r\ncontent-length: {length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let body = if request.method == "HEAD" { &[] } else { &reply.body[..] };
    match reply.manner {
        Manner::Hangup => return None,
        Manner::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return None;
        }
        Manner::Drip(pause) => {
            for byte in [head.as_bytes(), body].concat() {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(pause).await;
            }
        }
        Manner::Cut(bytes) => {
            stream.write_all(&[head.as_bytes(), &body[..bytes]].concat()).await.ok()?;
            return None;
        }
        Manner::Whole | Manner::Claims(_) => stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?,
    }
    (reply.manner == Manner::Whole).then_some(())
}
