//! Which processes and threads there are.

use std::fs;
use std::io;

use skep_abi::Pid;

use super::stat::{field, status_text};

/// The threads of a process, by number.
///
/// # Errors
/// `ENOENT` when there is no such process.
pub(crate) fn threads_of(pid: Pid) -> io::Result<Vec<Pid>> {
    numbers(&format!("/proc/{pid}/task"))
}

/// Every process, by number.
pub(crate) fn processes() -> io::Result<Vec<Pid>> {
    numbers("/proc")
}

/// The process that a thread belongs to, or `None` when there is no such thread.
pub(crate) fn process_of(tid: Pid) -> Option<Pid> {
    field(&status_text(tid).ok()?, "Tgid")?.parse().ok().map(Pid)
}

fn numbers(folder: &str) -> io::Result<Vec<Pid>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Some(number) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
            numbers.push(Pid(number));
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_thread_is_listed_while_it_lives() {
        let us = Pid(std::process::id());
        let (tell, told) = std::sync::mpsc::channel();
        let (leave, left) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            tell.send(Pid(rustix::thread::gettid().as_raw_pid() as u32)).unwrap();
            left.recv().unwrap_err();
        });
        let tid = told.recv().unwrap();
        assert!(threads_of(us).unwrap().contains(&tid));
        assert_eq!(process_of(tid), Some(us));
        assert!(processes().unwrap().contains(&us));
        drop(leave);
        thread.join().unwrap();
        assert!(threads_of(Pid(u32::MAX)).is_err());
    }
}
