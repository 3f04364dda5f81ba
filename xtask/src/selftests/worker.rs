//! A child process that judges programs, so that one which takes down or holds up its judge costs a row and no more.
//!
//! The parent writes a request a line; the child answers with a line for each program as it is judged, and an empty
//! one at the end of the object.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use std::{env, fs, io, thread};

use serde::{Deserialize, Serialize};
use skep_abi::KernelVersion;
use skep_host::HostObject;
use skep_object::KernelProfile;

use super::judge;
use super::object::{entries, read};
use super::row::{Answer, Case, Outcome};

/// Which side judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Kernel,
    Skep,
}

/// Judge an object's programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) side: Side,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Programs at the front that are judged already.
    pub(crate) skip: usize,
    /// Maps whose types the kernel refused.
    pub(crate) untyped: Vec<usize>,
    /// The release whose shipped profile judges; else the running kernel's.
    pub(crate) kernel: Option<String>,
}

/// What a child says about an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// It cannot be read.
    Unreadable(String),
    /// How many entries there are, and maps whose types the kernel refused.
    Object { cases: Vec<Case>, untyped: Vec<usize>, btf_error: Option<String> },
    /// The next program.
    Answer(Answer),
    /// All are judged.
    End,
}

/// What became of an object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub(crate) unreadable: Option<String>,
    pub(crate) cases: Vec<Case>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) untyped: Vec<usize>,
    pub(crate) btf_error: Option<String>,
}

/// The child's side: requests from standard input, replies to standard output.
pub(crate) fn serve() -> Result<(), String> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut profiles = HashMap::new();
    let mut out = io::stdout().lock();
    let mut say = |reply: &Reply| {
        let line = serde_json::to_string(reply).map_err(|e| e.to_string())?;
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|e| e.to_string())
    };
    for line in io::stdin().lines() {
        let line = line.map_err(|e| e.to_string())?;
        let request: Request = serde_json::from_str(&line).map_err(|e| e.to_string())?;
        if !profiles.contains_key(&request.kernel) {
            profiles.insert(request.kernel.clone(), profile(request.kernel.as_deref())?);
        }
        let profile = &profiles[&request.kernel];
        let mut resolved = match read(&request.path, profile) {
            Ok(resolved) => resolved,
            Err(why) => {
                say(&Reply::Unreadable(why))?;
                say(&Reply::End)?;
                continue;
            }
        };
        for &map in &request.untyped {
            if let Some(map) = resolved.maps.get_mut(map) {
                (map.key_type, map.value_type) = (None, None);
            }
        }
        let entries = entries(&request.name, &resolved);
        let cases = entries.iter().map(|entry| entry.case.clone()).collect();
        match request.side {
            Side::Kernel => {
                let host = HostObject::create(&resolved);
                let untyped = untyped(&host, &resolved);
                let btf_error = host.btf_error().map(ToString::to_string);
                say(&Reply::Object { cases, untyped, btf_error })?;
                for entry in entries.iter().skip(request.skip) {
                    say(&Reply::Answer(judge::kernel(&resolved, &host, entry)))?;
                }
            }
            Side::Skep => {
                say(&Reply::Object { cases, untyped: Vec::new(), btf_error: None })?;
                for entry in entries.iter().skip(request.skip) {
                    say(&Reply::Answer(judge::skep(profile, &resolved, entry)))?;
                }
            }
        }
        say(&Reply::End)?;
    }
    Ok(())
}

/// The profile that skep judges by.
pub(crate) fn profile(kernel: Option<&str>) -> Result<KernelProfile, String> {
    let Some(release) = kernel else {
        return skep::profile::running().map_err(|e| e.to_string());
    };
    let version = KernelVersion::from_release(release);
    version
        .and_then(skep::profile::shipped)
        .ok_or_else(|| format!("skep ships no profile of Linux {release}"))
}

/// Maps that the kernel took only without their types.
pub(crate) fn untyped(host: &HostObject<'_>, resolved: &skep_object::Resolved) -> Vec<usize> {
    let maps = host.maps().iter().zip(&resolved.maps).enumerate();
    maps.filter(|(_, (map, spec))| {
        let is_typed = spec.key_type.is_some() || spec.value_type.is_some();
        is_typed && map.as_ref().is_ok_and(|map| map.takes_types() && !map.has_types())
    })
    .map(|(index, _)| index)
    .collect()
}

/// The parent's side of a child.
pub(crate) struct Worker {
    child: Child,
    stdin: ChildStdin,
    replies: Receiver<Reply>,
}

impl Worker {
    pub(crate) fn start() -> Result<Self, String> {
        let program = env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(program)
            .args(["selftests", "--worker"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start a worker: {e}"))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a worker has no pipes".to_owned());
        };
        let (send, replies) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let reply = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                if reply.is_none_or(|reply| send.send(reply).is_err()) {
                    return;
                }
            }
        });
        Ok(Self { child, stdin, replies })
    }

    /// Most memory that the child had at once, in KiB.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Has an object judged; starts again after a program that the child did not survive.
    pub(crate) fn judge(&mut self, request: &Request, limit: Duration) -> Result<Judged, String> {
        let mut judged = Judged::default();
        loop {
            let request = Request { skip: judged.answers.len(), ..request.clone() };
            let line = serde_json::to_string(&request).map_err(|e| e.to_string())?;
            // A child that is gone is noticed when it does not answer.
            let _ = writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush());
            let Some(lost) = self.listen(&mut judged, limit) else { return Ok(judged) };
            if judged.cases.is_empty() {
                judged.unreadable = Some(format!("reading it: {}", lost.message));
                *self = Self::start()?;
                return Ok(judged);
            }
            judged.answers.push(lost);
            *self = Self::start()?;
            if judged.answers.len() == judged.cases.len() {
                return Ok(judged);
            }
        }
    }

    /// Takes replies up to the end of the object; else what became of the program that is not answered.
    fn listen(&mut self, judged: &mut Judged, limit: Duration) -> Option<Answer> {
        loop {
            // The first reply waits for the profile, which a new child has to read.
            let first = if judged.cases.is_empty() { Duration::from_secs(60) } else { limit };
            match self.replies.recv_timeout(first.max(limit)) {
                Ok(Reply::End) => return None,
                Ok(Reply::Unreadable(why)) => judged.unreadable = Some(why),
                Ok(Reply::Object { cases, untyped, btf_error }) => {
                    judged.cases = cases;
                    (judged.untyped, judged.btf_error) = (untyped, btf_error);
                }
                Ok(Reply::Answer(answer)) => judged.answers.push(answer),
                Err(RecvTimeoutError::Timeout) => {
                    let why = format!("over {} s", limit.as_secs());
                    return Some(Answer {
                        time: limit.as_micros() as u64,
                        ..Answer::none(Outcome::TimedOut, why)
                    });
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status =
                        self.child.wait().map_or_else(|e| e.to_string(), |s| s.to_string());
                    return Some(Answer::none(
                        Outcome::Crashed,
                        format!("the judge ended with {status}"),
                    ));
                }
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
