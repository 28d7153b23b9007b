//! The guide to performance, into which each benchmark writes its table between markers of its own.

use std::{fs, path::Path};

/// Prints the table, and with `--write` puts it into the guide.
#[expect(clippy::print_stdout, reason = "a program for people")]
pub(crate) fn publish(table: &str, markers: [&str; 2]) {
    println!("{table}");
    if std::env::args().any(|argument| argument == "--write") {
        write(table, markers);
    }
}

fn write(table: &str, [begin, end]: [&str; 2]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/performance.md");
    let page = fs::read_to_string(&path).expect("the guide");
    let (before, rest) = page.split_once(begin).expect("the first marker");
    let (_, after) = rest.split_once(end).expect("the second marker");
    fs::write(path, format!("{before}{begin}\n\n{table}\n\n{end}{after}")).expect("the guide");
}
