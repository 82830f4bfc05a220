//! Bytes and where they are: spans, lines and columns, and the scalars of YAML and JSON with their exact bytes.
//!
//! No code renders YAML: edits replace bytes, and no document is written as a whole.

mod chain;
mod count;
mod escape;
mod flow_style;
mod json_comments;
mod near_match;
mod origin;
mod percent;
mod quote;
mod scalar;
mod similar;
mod span;
mod stream;
mod template;
mod tree;
mod url_secrets;
mod utf8;
mod yaml;

pub use chain::chain;
pub use count::count_of;
pub use escape::{
    escaped_name, visible, visible_but_colors, visible_lines, without_commands, without_controls,
    without_controls_but_colors,
};
pub use flow_style::{flow_map, flow_string, flow_style};
pub use json_comments::{YamlText, as_yaml};
pub use near_match::nearest_match;
pub use origin::Origin;
pub use percent::percent_decoded;
pub use quote::code_list;
pub use scalar::{Style, is_plain_string};
pub use similar::{is_misspelling_of, nearest_name, suggestion};
pub use span::{LineIndex, Position, Span};
pub use stream::documents;
pub use template::{has_placeholder, without_expressions, without_template_ending};
pub use tree::{Comment, NodeId, NodeKind, TextEntry, Tree};
pub use url_secrets::{is_shown_parameter, redact_urls};
pub use utf8::{NotUtf8, utf8};
pub use yaml::{YamlError, parse};
