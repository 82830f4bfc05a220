//! A proxy for HTTPS that connects every tunnel to one server and records the requests for tunnels.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running proxy, which stops when dropped.
pub(crate) struct Proxy {
    port: u16,
    received: Arc<Mutex<Vec<Tunnel>>>,
    server: JoinHandle<()>,
}

/// A request for a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tunnel {
    /// Host and port: `registry.test:443`.
    pub(crate) to: String,
    /// The header `Proxy-Authorization`, empty if there is none.
    pub(crate) login: String,
}

impl Proxy {
    /// Starts a proxy that requires this `Proxy-Authorization`, or none.
    pub(crate) async fn start(place: String, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<Tunnel>>> = Arc::default();
        let kept = received.clone();
        let server = tokio::spawn(async move {
            let mut tunnels = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                tunnels.spawn(tunnel(stream, place.clone(), login, kept.clone()));
            }
        });
        Self { port, received, server }
    }

    /// Returns `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the requests for tunnels since the last call.
    pub(crate) fn take_tunnels(&self) -> Vec<Tunnel> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn tunnel(
    stream: TcpStream,
    place: String,
    login: Option<&'static str>,
    kept: Arc<Mutex<Vec<Tunnel>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut wanted = Tunnel { to: String::new(), login: String::new() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(' ') {
            Some(("CONNECT", rest)) => wanted.to = rest.split(' ').next().unwrap().to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("proxy-authorization:") => wanted.login = value.to_owned(),
            Some(_) => {}
            None => break,
        }
    }
    let may = login.is_none_or(|login| login == wanted.login);
    kept.lock().unwrap().push(wanted);
    if !may {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(refusal).await.ok();
    }
    let mut far = TcpStream::connect(place).await.ok()?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut stream, &mut far).await.ok()?;
    Some(())
}
