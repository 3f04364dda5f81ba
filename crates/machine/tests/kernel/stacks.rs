//! Ids of stacks that the kernel's `bpf_get_stackid` gave, against those of the machine.
#![expect(unsafe_code, reason = "perf_event_open")]

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use skep_abi::{Cpu, MapType};
use skep_machine::MapDef;

use crate::asm::{EXIT, call, map, mov, mov_reg};
use crate::bpf::{Attr, KernelMap, KernelProgram};
use crate::setup;

const PERF_EVENT: u32 = 7;
const GET_STACKID: i32 = 27;
const USER_STACK: i32 = 1 << 8;
const SET_BPF: libc::c_ulong = 0x4004_2408;

/// A cpu-clock event of this thread, every 100 µs.
fn open_event() -> Option<OwnedFd> {
    // type SOFTWARE and size 128; config CPU_CLOCK; sample_period.
    let attr = Attr::new().u32(0, 1).u32(4, 128).u64(8, 0).u64(16, 100_000);
    // SAFETY: the attribute is valid for its size and lives through the call.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attr, 0, -1, -1, 8) };
    // SAFETY: the kernel has just made this descriptor for us alone.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Time in the kernel, at many places and depths.
fn make_noise() {
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..300 {
        for path in ["/proc/self/maps", "/proc/self/status", "/proc/stat", "/dev/zero"] {
            let mut file = std::fs::File::open(path).unwrap();
            let _ = std::io::Read::read(&mut file, &mut buffer).unwrap();
        }
        let _ = std::fs::read_dir("/proc/self/fd").unwrap().count();
    }
}

#[test]
fn ids_of_stacks_are_the_kernels() {
    let Some(machine) = setup() else { return };
    let def = MapDef::new("stacks", MapType::StackTrace, 4, 127 * 8, 1000);
    let kernel = KernelMap::create(&def, None, machine.nr_cpu_ids()).unwrap();
    let mut insns = vec![mov_reg(6, 1)];
    for flags in [0, USER_STACK] {
        insns.push(mov_reg(1, 6));
        insns.extend(map(2, kernel.fd.as_raw_fd()));
        insns.extend([mov(3, flags), call(GET_STACKID)]);
    }
    insns.extend([mov(0, 0), EXIT]);
    let Ok(program) = KernelProgram::load(PERF_EVENT, 0, &insns) else {
        skep_skip::skipped!("the kernel refuses to load programs");
        return;
    };
    let Some(event) = open_event() else {
        skep_skip::skipped!("the kernel refuses perf_event_open");
        return;
    };
    // SAFETY: both descriptors are open.
    let code = unsafe { libc::ioctl(event.as_raw_fd(), SET_BPF, program.0.as_raw_fd()) };
    assert_eq!(code, 0, "{}", std::io::Error::last_os_error());
    make_noise();
    drop(event);
    let stacks = machine.map(machine.create_map(def).unwrap()).unwrap().stack_trace().unwrap();
    let (mut key, mut count, mut zeroes) = (None, 0, 0);
    while let Ok(next) = kernel.next_key(key.as_deref()) {
        let value = kernel.lookup(&next, 0).unwrap();
        let words = value.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let words: Vec<u64> = words.collect();
        let len = words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        let id = u32::from_le_bytes(next.clone().try_into().unwrap());
        // Without frame pointers the walk of a user stack may end in a word that happens to be zero, which
        // cannot be told from what follows the stack.
        let fits = [len, len + 1].into_iter().find(|len| {
            let answer = stacks.insert(Cpu(0), &words[..*len], 0);
            if let Ok(other) = answer
                && other != id
            {
                stacks.delete(Cpu(0), other).unwrap();
            }
            answer == Ok(id)
        });
        assert!(fits.is_some(), "stack {id} is {:x?}", &words[..len]);
        zeroes += usize::from(fits != Some(len));
        assert_eq!(stacks.get(id), Some(value));
        count += 1;
        key = Some(next);
    }
    assert!(count > 10, "{count} stacks: this thread was busy at many places");
    println!("{count} stacks, {zeroes} of them with a zero at their end");
    assert!(zeroes < count / 2, "{zeroes} of {count} stacks end in a zero");
}
