//! Texts that others wrote, on their way to a person or a log: what the cloud, a proxy, a file or a header says.
//!
//! Such a text may be a page of HTML or 20 MB long, may repeat a secret in any encoding, and may hold characters that
//! steer a terminal. It is quoted with one of these functions, each of which conceals the secrets of this run, escapes
//! control and bidirectional characters, and bounds the length:
//!
//! - [`sentence`] for what explains something: a message, the cause of an error;
//! - [`excerpt`] for a body of which nothing is known;
//! - [`name`] for a code, an id, a header, or the name or description of an object;
//! - [`report`] for a finished text with lines of its own. All diagnostics and log lines pass it at last, which catches
//!   what was quoted as it came, except for its line breaks.

mod encodings;
mod html;
mod secrets;

pub use self::secrets::keep_secret;

/// In characters, as those below.
const LONGEST_SENTENCE: usize = 1_000;
const LONGEST_EXCERPT: usize = 300;
const LONGEST_NAME: usize = 128;
/// Of a diagnostic. The longest of ours name some twenty objects.
const LONGEST_REPORT: usize = 32 * 1024;

/// So many bytes are looked at to make a name, a sentence or an excerpt, and a report. This is where the length is
/// bounded first: what follows takes its time for each of them. An escape has up to ten, and a page begins with styles.
const NAME_READ: usize = 10 * LONGEST_NAME;
const SENTENCE_READ: usize = 16 * 1024;
const REPORT_READ: usize = 48 * 1024;

/// A text on one line, without its HTML.
pub fn sentence(text: &str) -> String {
    on_one_line(text, LONGEST_SENTENCE)
}

/// The beginning of the text that a body holds.
pub fn excerpt(body: &[u8]) -> String {
    // One more, by which it is seen to be longer.
    let body = &body[..body.len().min(SENTENCE_READ + 1)];
    match on_one_line(&String::from_utf8_lossy(body), LONGEST_EXCERPT) {
        text if text.is_empty() => "the answer has no text".to_owned(),
        text => text,
    }
}

/// A short text as it is: its line breaks are escaped too.
pub fn name(text: &str) -> String {
    let (text, is_cut) = beginning(text, NAME_READ);
    cut(&escaped(&secrets::conceal(text, is_cut), false), LONGEST_NAME)
}

/// A text of several lines.
pub fn report(text: &str) -> String {
    let (text, is_cut) = beginning(text, REPORT_READ);
    cut(&escaped(&secrets::conceal(text, is_cut), true), LONGEST_REPORT)
}

fn on_one_line(text: &str, longest: usize) -> String {
    let (text, is_cut) = beginning(text, SENTENCE_READ);
    let text = html::text_of(&secrets::conceal(text, is_cut));
    // Tags may have stood between the parts of a secret.
    let text = secrets::conceal(&text, is_cut);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&escaped(&text, false), longest)
}

fn escaped(text: &str, keeps_lines: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' if keeps_lines => escaped.push(character),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ if is_invisible(character) => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Control characters, and those that change the direction or the lines of a text or show nothing.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text up to a number of bytes, and whether there is more of it.
fn beginning(text: &str, longest: usize) -> (&str, bool) {
    (&text[..text.floor_char_boundary(longest)], text.len() > longest)
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
