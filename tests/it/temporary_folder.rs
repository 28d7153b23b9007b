//! Where the socket goes when the folder for temporary files takes none.

use crate::plugin_client::Start;

#[test]
fn a_folder_for_temporary_files_that_takes_no_socket_is_done_without() {
    let long = tempfile::Builder::new().prefix(&"x".repeat(100)).tempdir_in("/tmp").unwrap();
    for directory in [long.path().to_str().unwrap(), "/nowhere", "/proc/self", "/dev/null"] {
        let process = Start::new().env("TMPDIR", directory).run();
        let socket = process.socket();
        let is_elsewhere = socket.to_str().unwrap().starts_with("/tmp/plugin-");
        assert!(is_elsewhere && socket.exists(), "{directory}: {}", process.line);
        // The process is killed and cannot clean up.
        std::fs::remove_file(&socket).unwrap();
    }
}
