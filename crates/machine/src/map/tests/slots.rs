//! Maps whose elements are no bytes: ring buffers, stacks, events, programs.

use skep_abi::{Cpu, Errno, MapType, ProgId, ProgType};

use super::{MapDef, MapFlags, machine, map};
use crate::Width;
use crate::map::{PerfSlot, Ringbuf};

fn write(machine: &crate::Machine, ring: &Ringbuf, size: u64, byte: u8) -> skep_abi::Addr {
    let record = ring.reserve(size, 0).unwrap();
    machine.memory().fill(record, size, byte).unwrap();
    record
}

#[test]
fn records_are_taken_in_the_order_of_their_reservation() {
    let machine = machine(1);
    let ring = map(&machine, MapDef::new("r", MapType::Ringbuf, 0, 0, 4096)).ringbuf().unwrap();
    let [a, b, c] = [1, 2, 3].map(|byte| write(&machine, ring, 10, byte));
    ring.commit(b, 0, false).unwrap();
    ring.commit(c, 0, true).unwrap();
    assert!(ring.consume().is_empty(), "the first one is busy");
    ring.commit(a, 0, false).unwrap();
    assert_eq!(ring.consume(), [vec![1; 10], vec![2; 10]], "the third one was discarded");
    assert_eq!(ring.query(0), 0);
}

#[test]
fn a_record_that_is_held_keeps_the_ring_from_going_around() {
    let machine = machine(1);
    let ring = map(&machine, MapDef::new("r", MapType::Ringbuf, 0, 0, 4096)).ringbuf().unwrap();
    ring.output(&[1; 1000], 0).unwrap();
    let held = write(&machine, ring, 1000, 2);
    ring.output(&[3; 1000], 0).unwrap();
    assert_eq!(ring.output(&[4; 1100], 0), Err(Errno::EAGAIN), "too little is left");
    assert_eq!(ring.consume().len(), 1);
    let wrapped = write(&machine, ring, 1900, 4);
    assert_eq!(
        machine.memory().read_vec(wrapped, 1900).unwrap(),
        vec![4; 1900],
        "past the ring's end"
    );
    assert_eq!(ring.reserve(200, 0), None);
    ring.commit(held, 0, false).unwrap();
    ring.commit(wrapped, 0, false).unwrap();
    assert_eq!(ring.consume(), [vec![2; 1000], vec![3; 1000], vec![4; 1900]]);
}

#[test]
fn an_access_past_a_record_names_the_record() {
    let machine = machine(1);
    let ring = map(&machine, MapDef::new("r", MapType::Ringbuf, 0, 0, 4096)).ringbuf().unwrap();
    let record = write(&machine, ring, 12, 0);
    let next = write(&machine, ring, 16, 0);
    let memory = machine.memory();
    let fault = memory.load(record.offset(8), Width::Dw).unwrap_err().to_string();
    assert!(
        fault.ends_with(
            "runs past the end of a record among the records of map `r` (12 bytes) from its byte 8"
        ),
        "{fault}"
    );
    assert!(memory.store(record.offset(-8), Width::W, 0).is_err(), "headers are the kernel's");
    assert!(memory.read(record, &mut [0; 40]).is_err(), "two records are not one");
    ring.commit(next, 0, false).unwrap();
    let fault = memory.load(next, Width::B).unwrap_err().to_string();
    assert!(fault.ends_with("without a reserved one is no longer alive"), "{fault}");
    assert!(
        ring.commit(next, 0, false).is_err() && ring.commit(record.offset(8), 0, false).is_err()
    );
    assert_eq!(machine.ringbuf_at(record).unwrap().name(), "r");
    assert!(machine.ringbuf_at(next).is_err());
}

#[test]
fn user_space_is_woken_at_the_record_it_waits_for() {
    let machine = machine(1);
    let ring = map(&machine, MapDef::new("r", MapType::Ringbuf, 0, 0, 4096)).ringbuf().unwrap();
    ring.output(&[0], 0).unwrap();
    assert_eq!(ring.wakeups(), 1);
    ring.output(&[0], 0).unwrap();
    assert_eq!(ring.wakeups(), 1, "it was woken for the first one and has not come yet");
    ring.output(&[0], 2).unwrap();
    assert_eq!(ring.wakeups(), 2, "forced");
    let _ = ring.consume();
    ring.output(&[0], 1).unwrap();
    assert_eq!(ring.wakeups(), 2, "not wanted");
}

#[test]
fn stacks_in_the_way_are_kept_or_give_way() {
    let machine = machine(1);
    let def = MapDef::new("s", MapType::StackTrace, 4, 16, 1);
    let stacks = map(&machine, def).stack_trace().unwrap();
    let insert = |ips: &[u64], flags| stacks.insert(Cpu(0), ips, flags);
    assert_eq!(insert(&[], 0), Err(Errno::EFAULT));
    assert_eq!(insert(&[1, 2], 0), Ok(0));
    assert_eq!(insert(&[1, 2], 0), Ok(0));
    assert_eq!(insert(&[3], 0), Err(Errno::EEXIST));
    assert_eq!(
        insert(&[3], 1 << 10),
        Err(Errno::ENOMEM),
        "the new one is made before the old one goes"
    );
    assert_eq!(insert(&[1, 2, 9], 0), Ok(0), "only what a value holds counts");
    assert_eq!(stacks.ips(0), Some(vec![1, 2]));
    stacks.delete(Cpu(0), 0).unwrap();
    assert_eq!(insert(&[3], 0), Ok(0));
    assert_eq!(stacks.get(0), Some([3_u64.to_le_bytes(), [0; 8]].concat()));
}

#[test]
fn stacks_with_build_ids_keep_plain_addresses() {
    let machine = machine(1);
    let def = MapDef::new("s", MapType::StackTrace, 4, 64, 4).with_flags(MapFlags::STACK_BUILD_ID);
    let stacks = map(&machine, def).stack_trace().unwrap();
    let id = stacks.insert(Cpu(0), &[0x40_1000, 0x40_2000, 0x40_3000], 0).unwrap();
    assert_eq!(stacks.ips(id), Some(vec![0x40_1000, 0x40_2000]));
    assert_eq!(stacks.get(id).unwrap()[..4], 2_u32.to_le_bytes());
}

#[test]
fn records_go_to_the_event_of_this_cpu_only() {
    let machine = machine(3);
    let map = map(&machine, MapDef::new("e", MapType::PerfEventArray, 4, 4, 3));
    let events = map.perf_event_array().unwrap();
    let check = |cpu, flags| events.check_output(Cpu(cpu), flags);
    assert_eq!(check(0, 0xffff_ffff), Err(Errno::ENOENT));
    events.open_outputs(2);
    assert_eq!((check(0, 0xffff_ffff), check(1, 1)), (Ok(()), Ok(())));
    assert_eq!(check(1, 0), Err(Errno::EOPNOTSUPP));
    assert_eq!(check(2, 0xffff_ffff), Err(Errno::ENOENT));
    assert_eq!(check(0, 3), Err(Errno::E2BIG));
    assert_eq!(check(0, 1 << 32), Err(Errno::EINVAL));
    events.set(2, PerfSlot { cpu: Cpu(2), is_output: false, value: None }).unwrap();
    assert_eq!(check(2, 2), Err(Errno::EINVAL));
    assert_eq!(events.delete(2), Ok(()));
    assert_eq!(events.delete(2), Err(Errno::ENOENT));
}

#[test]
fn an_array_of_programs_belongs_to_one_type() {
    let machine = machine(1);
    let map = map(&machine, MapDef::new("p", MapType::ProgArray, 4, 4, 3));
    let programs = map.prog_array().unwrap();
    assert_eq!(programs.set(3, ProgId(0), ProgType::PerfEvent), Err(Errno::E2BIG));
    assert_eq!(programs.set(1, ProgId(0), ProgType::PerfEvent), Ok(()));
    assert_eq!(programs.set(2, ProgId(1), ProgType::Kprobe), Err(Errno::EINVAL));
    assert_eq!((programs.get(0), programs.get(1), programs.get(3)), (None, Some(ProgId(0)), None));
    let user = machine.user_side(map.id()).unwrap();
    assert_eq!(user.lookup(&1_u32.to_le_bytes(), 0), Ok(vec![0; 4]));
    assert_eq!(user.entries().len(), 1);
    assert_eq!(user.delete(&1_u32.to_le_bytes()), Ok(()));
    assert_eq!(programs.get(1), None);
}
