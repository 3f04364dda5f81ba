//! Queues, stacks, Bloom filters.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use skep_abi::{Errno, MapType};

use super::{MapDef, machine, map, user};

fn value(number: u64) -> [u8; 8] {
    number.to_le_bytes()
}

fn number(bytes: Vec<u8>) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap())
}

#[test]
fn a_queue_gives_the_oldest_value_and_a_stack_the_newest() {
    let machine = machine(1);
    for (kind, order) in [(MapType::Queue, [2, 3, 4]), (MapType::Stack, [4, 3, 2])] {
        let map = map(&machine, MapDef::new("m", kind, 0, 8, 3));
        assert_eq!((map.pop(), map.peek()), (Err(Errno::ENOENT), Err(Errno::ENOENT)));
        for value in [1_u64, 2, 3] {
            assert_eq!(map.push(&value.to_le_bytes(), 0), Ok(()));
        }
        assert_eq!(map.push(&value(4), 0), Err(Errno::E2BIG));
        assert_eq!(map.push(&value(4), 1), Err(Errno::EINVAL));
        assert_eq!(map.push(&[4; 7], 0), Err(Errno::EINVAL));
        assert_eq!(map.push(&value(4), 2), Ok(()), "the oldest one makes room");
        let entries = user(&machine, map).entries();
        let listed: Vec<u64> = entries.into_iter().map(|(_, value)| number(value)).collect();
        assert_eq!(listed, order);
        for expected in order {
            assert_eq!(map.peek().map(number), Ok(expected), "{kind:?}");
            assert_eq!(map.pop().map(number), Ok(expected), "{kind:?}");
        }
        assert_eq!(map.pop(), Err(Errno::ENOENT));
    }
}

#[test]
fn no_value_is_lost_or_doubled_when_all_cpus_push_and_pop() {
    const EACH: u64 = 20_000;
    let machine = machine(4);
    for kind in [MapType::Queue, MapType::Stack] {
        let map = map(&machine, MapDef::new("m", kind, 0, 8, 64));
        let (pushed, popped) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for cpu in 0..4 {
                let (pushed, popped) = (&pushed, &popped);
                scope.spawn(move || {
                    for step in 0..EACH {
                        let number = cpu * EACH + step + 1;
                        if map.push(&value(number), 0).is_ok() {
                            pushed.fetch_add(number, Relaxed);
                        }
                        if let Ok(got) = map.pop() {
                            popped.fetch_add(u64::from_le_bytes(got.try_into().unwrap()), Relaxed);
                        }
                    }
                });
            }
        });
        while let Ok(left) = map.pop() {
            popped.fetch_add(number(left), Relaxed);
        }
        assert_eq!(pushed.load(Relaxed), popped.load(Relaxed), "{kind:?}");
    }
}

#[test]
fn a_bloom_filter_knows_what_was_put_in_and_little_else() {
    let machine = machine(1);
    let map = map(&machine, MapDef::new("m", MapType::BloomFilter, 0, 8, 1000));
    assert_eq!(map.contains(&value(1)), Err(Errno::ENOENT));
    for number in 0..1000 {
        assert_eq!(map.push(&value(number), 0), Ok(()));
    }
    assert!((0..1000).all(|number| map.contains(&value(number)).is_ok()));
    let wrong = (1000..11_000).filter(|number| map.contains(&value(*number)).is_ok()).count();
    assert!(wrong < 500, "{wrong} of 10,000 are taken for members");
    assert_eq!(map.push(&value(1), 2), Err(Errno::EINVAL));
    assert_eq!(map.contains(&[0; 7]), Err(Errno::EINVAL));
    assert_eq!((map.pop(), map.peek()), (Err(Errno::EOPNOTSUPP), Err(Errno::EINVAL)));
    let user = user(&machine, map);
    assert_eq!((user.contains(&value(7)), user.delete(&[])), (Ok(()), Err(Errno::EOPNOTSUPP)));
}
