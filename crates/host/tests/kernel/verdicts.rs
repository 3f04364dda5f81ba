//! Verdicts.

use skep_abi::{Errno, MapType, ProgType};
use skep_host::{HostObject, LogBuffer, Map, MapAttr, Program};
use skep_isa::assemble;

use crate::ask::{may_ask, own_object, profile};

fn judge(text: &str, log: &mut LogBuffer) -> skep_host::Verdict {
    Program::new(ProgType::SocketFilter, &assemble(text).unwrap()).judge(log)
}

#[test]
fn verdicts_come_with_message_and_statistics() {
    if !may_ask() {
        return;
    }
    let accepted = judge("r0 = 0\nexit", &mut LogBuffer::whole());
    assert!(accepted.is_accepted());
    assert_eq!(accepted.stats.unwrap().insn_processed, 2);
    assert_eq!(accepted.last_message(), "");
    let rejected = judge("r0 = r3\nexit", &mut LogBuffer::whole());
    assert_eq!((rejected.errno, rejected.last_message()), (Some(Errno::EACCES), "R3 !read_ok"));
}

#[test]
fn a_log_that_does_not_fit_is_whole_or_ends_with_the_message() {
    if !may_ask() {
        return;
    }
    let text = format!("{}r0 = r3\nexit", "r1 = 1\n".repeat(4000));
    let whole = judge(&text, &mut LogBuffer::whole());
    assert!(
        whole.log.len() > 1 << 16 && whole.log.contains("\n0: (b7) r1 = 1"),
        "{}",
        whole.log.len()
    );
    let tail = judge(&text, &mut LogBuffer::tail(512));
    assert_eq!((tail.errno, tail.last_message()), (Some(Errno::EACCES), "R3 !read_ok"));
}

#[test]
fn values_of_frozen_maps_are_constants() {
    if !may_ask() {
        return;
    }
    const RDONLY_PROG: u32 = 1 << 7;
    let attr = MapAttr {
        name: "constants",
        kind: MapType::Array,
        key_size: 4,
        value_size: 8,
        max_entries: 1,
        flags: RDONLY_PROG,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: None,
    };
    let map = Map::create(&attr).unwrap();
    map.update(&[0; 4], &7_u64.to_le_bytes()).unwrap();
    assert_eq!(map.update(&[0; 4], &[0; 4]).unwrap_err().errno, Errno::EINVAL);
    map.freeze().unwrap();
    assert_eq!(map.update(&[0; 4], &[0; 8]).unwrap_err().errno, Errno::EPERM);
}

#[test]
fn our_own_objects_are_accepted() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    for name in ["profile.bpf.o", "ips.bpf.o", "stacks.bpf.o", "task.bpf.o"] {
        let resolved = own_object(&profile, name);
        let host = HostObject::create(&resolved);
        assert_eq!(host.btf_error(), None, "{name}");
        for program in &resolved.programs {
            let verdict = host.judge(program, None, &mut LogBuffer::whole()).unwrap();
            assert!(verdict.is_accepted(), "{name} {}: {}", program.name, verdict.log);
        }
    }
}
