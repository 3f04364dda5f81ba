//! `enum bpf_map_type`.

use crate::uapi_enum::uapi_enum;

uapi_enum! {
    /// The kind of a map, numbered as in the uapi.
    MapType, without "BPF_MAP_TYPE_";
    /// Hash table.
    Hash = 1, "hash", "3.19";
    /// Array indexed by a u32.
    Array = 2, "array", "3.19";
    /// Programs to tail-call.
    ProgArray = 3, "prog_array", "4.2";
    /// Perf events to read or output to.
    PerfEventArray = 4, "perf_event_array", "4.3";
    /// Hash table with a value per CPU.
    PercpuHash = 5, "percpu_hash", "4.6";
    /// Array with a value per CPU.
    PercpuArray = 6, "percpu_array", "4.6";
    /// Call stacks by id.
    StackTrace = 7, "stack_trace", "4.6";
    /// cgroup file descriptors.
    CgroupArray = 8, "cgroup_array", "4.8";
    /// Hash table that evicts the least recently used element.
    LruHash = 9, "lru_hash", "4.10";
    /// The same with a value per CPU.
    LruPercpuHash = 10, "lru_percpu_hash", "4.10";
    /// Longest prefix match.
    LpmTrie = 11, "lpm_trie", "4.11";
    /// Array of maps.
    ArrayOfMaps = 12, "array_of_maps", "4.12";
    /// Hash of maps.
    HashOfMaps = 13, "hash_of_maps", "4.12";
    /// Network devices.
    Devmap = 14, "devmap", "4.14";
    /// Sockets.
    Sockmap = 15, "sockmap", "4.14";
    /// CPUs for XDP redirection.
    Cpumap = 16, "cpumap", "4.15";
    /// AF_XDP sockets.
    Xskmap = 17, "xskmap", "4.18";
    /// Sockets by key.
    Sockhash = 18, "sockhash", "4.18";
    /// Storage by cgroup and attach point.
    CgroupStorage = 19, "cgroup_storage", "4.19";
    /// Sockets of one reuseport group.
    ReuseportSockarray = 20, "reuseport_sockarray", "4.19";
    /// Storage by cgroup, attach point and CPU.
    PercpuCgroupStorage = 21, "percpu_cgroup_storage", "4.20";
    /// First in, first out.
    Queue = 22, "queue", "4.20";
    /// Last in, first out.
    Stack = 23, "stack", "4.20";
    /// Storage by socket.
    SkStorage = 24, "sk_storage", "5.2";
    /// Network devices by key.
    DevmapHash = 25, "devmap_hash", "5.4";
    /// Kernel operations implemented in BPF.
    StructOps = 26, "struct_ops", "5.6";
    /// Ring buffer shared by all CPUs, read by user space.
    Ringbuf = 27, "ringbuf", "5.8";
    /// Storage by inode.
    InodeStorage = 28, "inode_storage", "5.10";
    /// Storage by task.
    TaskStorage = 29, "task_storage", "5.11";
    /// Bloom filter.
    BloomFilter = 30, "bloom_filter", "5.16";
    /// Ring buffer written by user space.
    UserRingbuf = 31, "user_ringbuf", "6.1";
    /// Storage by cgroup.
    CgrpStorage = 32, "cgrp_storage", "6.2";
    /// Memory shared with user space at one address.
    Arena = 33, "arena", "6.9";
    /// Instructions as jump targets.
    InsnArray = 34, "insn_array", "6.19";
}

impl MapType {
    /// Tells whether each CPU has its own copy of a value.
    #[must_use]
    pub const fn is_percpu(self) -> bool {
        matches!(
            self,
            Self::PercpuHash | Self::PercpuArray | Self::LruPercpuHash | Self::PercpuCgroupStorage
        )
    }

    /// Tells whether values are maps.
    #[must_use]
    pub const fn is_map_in_map(self) -> bool {
        matches!(self, Self::ArrayOfMaps | Self::HashOfMaps)
    }
}
