//! An OCI registry in memory on a free port of 127.0.0.1, for the demonstration and for tests.
//!
//! It serves the pull endpoints of the distribution specification. Images are added from Rust, not over HTTP, and nothing is
//! written to disk.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::image::{Digest, DigestError, Platform};

/// A registry that runs until it is dropped.
#[derive(Debug)]
pub struct EmbeddedRegistry {
    address: SocketAddr,
    store: Arc<Store>,
    server: AbortHandle,
}

/// The properties of an image.
#[derive(Debug, Clone, Default)]
pub struct ImageSpec {
    /// The build time.
    pub created: Timestamp,
    /// The labels of the image configuration.
    pub labels: BTreeMap<String, String>,
    /// The platforms. One platform gives a manifest, several give an index; an empty list means `linux/amd64`.
    pub platforms: Vec<Platform>,
}

#[derive(Debug, Default)]
struct Store {
    images: RwLock<BTreeMap<String, StoredRepository>>,
    requests: AtomicU64,
}

/// One repository of the registry.
#[derive(Debug, Default)]
struct StoredRepository {
    tags: BTreeMap<String, String>,
    /// Media type and bytes by digest.
    manifests: BTreeMap<String, (&'static str, Bytes)>,
    blobs: BTreeMap<String, Bytes>,
}

type RegistryResponse = Response<Full<Bytes>>;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

impl EmbeddedRegistry {
    /// Starts an empty registry on a free port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let store = Arc::new(Store::default());
        let server = tokio::spawn(accept(listener, store.clone())).abort_handle();
        Ok(Self { address, store, server })
    }

    /// Returns host and port, as in an image name: `127.0.0.1:40123`. The protocol is plain HTTP.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Adds an image, points the tag at it and returns its digest.
    pub fn push(&self, path: &str, tag: &str, spec: &ImageSpec) -> Result<Digest, DigestError> {
        let mut images = self.store.images.write().unwrap_or_else(PoisonError::into_inner);
        let image = images.entry(path.to_owned()).or_default();
        let amd64 = Platform { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None };
        let platforms = if spec.platforms.is_empty() { vec![amd64] } else { spec.platforms.clone() };
        let mut children: Vec<Value> = platforms.iter().map(|platform| image.put_platform(platform, spec)).collect();
        let digest = match (children.len(), children.pop()) {
            (1, Some(only)) => only["digest"].as_str().unwrap_or_default().to_owned(),
            (_, last) => {
                children.extend(last);
                image.put_manifest(INDEX, json!({ "manifests": children }))["digest"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            }
        };
        image.tags.insert(tag.to_owned(), digest.clone());
        Digest::new(&digest)
    }

    /// Returns the number of requests served.
    pub fn requests(&self) -> u64 {
        self.store.requests.load(Ordering::Relaxed)
    }
}

impl Drop for EmbeddedRegistry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StoredRepository {
    /// Configuration, layer and manifest of one platform; returns its entry in an index.
    fn put_platform(&mut self, platform: &Platform, spec: &ImageSpec) -> Value {
        let layer = self.put_blob("application/vnd.oci.image.layer.v1.tar", &[0; 1024]);
        let mut config = json!({
            "created": spec.created.to_string(),
            "architecture": platform.architecture,
            "os": platform.os,
            "config": { "Labels": spec.labels },
            "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
        });
        let mut shown = json!({ "architecture": platform.architecture, "os": platform.os });
        if let Some(variant) = &platform.variant {
            config["variant"] = json!(variant);
            shown["variant"] = json!(variant);
        }
        let config = self.put_blob(CONFIG, config.to_string().as_bytes());
        let mut entry = self.put_manifest(MANIFEST, json!({ "config": config, "layers": [layer] }));
        entry["platform"] = shown;
        entry
    }

    fn put_blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        self.blobs.insert(digest.clone(), Bytes::copy_from_slice(bytes));
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    fn put_manifest(&mut self, media_type: &'static str, mut manifest: Value) -> Value {
        manifest["schemaVersion"] = json!(2);
        manifest["mediaType"] = json!(media_type);
        let bytes = Bytes::from(manifest.to_string());
        let digest = sha256(&bytes);
        let entry = json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() });
        self.manifests.insert(digest, (media_type, bytes));
        entry
    }
}

fn sha256(bytes: &[u8]) -> String {
    let hash = sha2::Sha256::digest(bytes);
    format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Accepts connections until it is aborted, which also closes them.
async fn accept(listener: TcpListener, store: Arc<Store>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, store.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, store: Arc<Store>) {
    let answer = service_fn(|request: Request<Incoming>| {
        let answer = store.answer(&request);
        async { Ok::<_, Infallible>(answer) }
    });
    // A client that disconnects is not an error.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

impl Store {
    fn answer(&self, request: &Request<Incoming>) -> RegistryResponse {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return error_response(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this registry is read-only");
        }
        let Some(path) = request.uri().path().strip_prefix("/v2/") else {
            return error_response(StatusCode::NOT_FOUND, "NOT_FOUND", "the API is below /v2/");
        };
        let images = self.images.read().unwrap_or_else(PoisonError::into_inner);
        if path.is_empty() {
            return json_response(&json!({}));
        }
        if let Some(name) = path.strip_suffix("/tags/list") {
            return match images.get(name) {
                Some(image) => image.list(name, request.uri().query().unwrap_or_default()),
                None => error_response(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry"),
            };
        }
        let found = ["/manifests/", "/blobs/"].into_iter().find_map(|kind| {
            let (name, reference) = path.rsplit_once(kind)?;
            Some((images.get(name)?, kind, reference))
        });
        match found {
            Some((image, "/manifests/", reference)) => image.manifest(reference),
            Some((image, _, digest)) => match image.blobs.get(digest) {
                Some(blob) => content("application/octet-stream", digest, blob.clone()),
                None => error_response(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry"),
            },
            None => error_response(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry"),
        }
    }
}

impl StoredRepository {
    /// Returns `n` sorted tags after `last`, with a `Link` header if there are more, as distribution 3 does.
    fn list(&self, name: &str, query: &str) -> RegistryResponse {
        let parameters: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let last = parameters.get("last").cloned().unwrap_or_default();
        let n = parameters.get("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        let mut rest = self.tags.keys().skip_while(|tag| **tag <= last);
        let page: Vec<&String> = rest.by_ref().take(n).collect();
        let mut answer = json_response(&json!({ "name": name, "tags": page }));
        let link = page.last().map(|last| format!("</v2/{name}/tags/list?last={last}&n={n}>; rel=\"next\""));
        if let (Some(_), Some(Ok(link))) = (rest.next(), link.map(|link| link.parse())) {
            answer.headers_mut().insert("link", link);
        }
        answer
    }

    fn manifest(&self, reference: &str) -> RegistryResponse {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        match self.manifests.get(digest) {
            Some((media_type, bytes)) => content(media_type, digest, bytes.clone()),
            None => error_response(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown"),
        }
    }
}

fn content(media_type: &str, digest: &str, bytes: Bytes) -> RegistryResponse {
    built(StatusCode::OK, &[("content-type", media_type), ("docker-content-digest", digest)], bytes)
}

fn json_response(body: &Value) -> RegistryResponse {
    built(StatusCode::OK, &[("content-type", "application/json")], Bytes::from(body.to_string()))
}

/// Returns an error body of the distribution specification.
fn error_response(status: StatusCode, code: &str, message: &str) -> RegistryResponse {
    let body = json!({ "errors": [{ "code": code, "message": message, "detail": null }] });
    built(status, &[("content-type", "application/json")], Bytes::from(body.to_string()))
}

fn built(status: StatusCode, headers: &[(&str, &str)], body: Bytes) -> RegistryResponse {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<hyper::header::HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
