//! Names of match modules and targets (iptables-extensions(8), xtables-addons(8)).

/// Modules whose name on a line narrows nothing: their options do.
pub(super) fn narrows_only_by_options(module: &str) -> bool {
    matches!(
        module,
        "addrtype"
            | "tcp"
            | "udp"
            | "state"
            | "conntrack"
            | "multiport"
            | "mport"
            | "icmp"
            | "icmp6"
            | "icmpv6"
            | "ipv6-icmp"
            | "comment"
            | "set"
            | "iprange"
            | "udplite"
            | "sctp"
            | "dccp"
            | "standard"
    )
}

/// Modules that are known, and whose match is not modelled.
pub(super) fn is_known_module(module: &str) -> bool {
    /// Sorted.
    const KNOWN: &[&str] = &[
        "account",
        "ah",
        "bpf",
        "cgroup",
        "cluster",
        "condition",
        "connbytes",
        "connlabel",
        "connlimit",
        "connmark",
        "cpu",
        "devgroup",
        "dscp",
        "dst",
        "ecn",
        "esp",
        "eui64",
        "frag",
        "fragment",
        "fuzzy",
        "geoip",
        "gradm",
        "hashlimit",
        "hbh",
        "helper",
        "hl",
        "iface",
        "ipp2p",
        "ipv4options",
        "ipv6header",
        "ipvs",
        "layer7",
        "length",
        "length2",
        "limit",
        "lscan",
        "mac",
        "mark",
        "mh",
        "nfacct",
        "nth",
        "osf",
        "owner",
        "physdev",
        "pkttype",
        "policy",
        "psd",
        "quota",
        "quota2",
        "random",
        "realm",
        "recent",
        "rpfilter",
        "rt",
        "socket",
        "srh",
        "statistic",
        "string",
        "tcpmss",
        "time",
        "tos",
        "ttl",
        "u32",
        "unclean",
        "webstr",
        "weburl",
    ];
    KNOWN.binary_search(&module).is_ok()
}

/// Modules that fail for some packets whatever their addresses, services, interfaces and states, and even
/// where several rules ask: rates, marks, what is inside. Not those of which two may share all packets
/// out between them, such as hours and shares.
pub(super) fn fails_for_some(module: &str) -> bool {
    matches!(
        module,
        "bpf"
            | "connlimit"
            | "connmark"
            | "dscp"
            | "dst"
            | "ecn"
            | "frag"
            | "hashlimit"
            | "hbh"
            | "helper"
            | "ipp2p"
            | "layer7"
            | "limit"
            | "mac"
            | "mark"
            | "osf"
            | "owner"
            | "pkttype"
            | "psd"
            | "quota"
            | "recent"
            | "rt"
            | "string"
            | "tos"
            | "ttl"
            | "u32"
    )
}

/// Options that make a match hold always (`-m recent --set`), or for all that another leaves.
pub(super) fn always_holds(option: &str) -> bool {
    matches!(option, "--set" | "--remove" | "--connlimit-upto" | "--ttl-gt")
}

/// Options of modelled modules that are known and not modelled.
pub(super) fn is_known_option(option: &str) -> bool {
    option.starts_with("--ct")
        || option.starts_with("--limit-iface-")
        || option.starts_with("--packets-")
        || option.starts_with("--bytes-")
        || option.starts_with("--update-")
        || option.starts_with("--chunk-types")
        || option.starts_with("--dccp-")
        || matches!(
            option,
            "--src-type" | "--dst-type" | "--tcp-option" | "--return-nomatch" | "-f" | "--fragment"
        )
}

/// Targets that decide nothing.
pub(super) fn decides_nothing(target: &str) -> bool {
    logs(target)
        || matches!(
            target,
            "ACCOUNT"
                | "CHECKSUM"
                | "CLASSIFY"
                | "CONNMARK"
                | "CONNSECMARK"
                | "CT"
                | "DSCP"
                | "ECN"
                | "HL"
                | "HMARK"
                | "IDLETIMER"
                | "IPMARK"
                | "LED"
                | "MARK"
                | "NOTRACK"
                | "RATEEST"
                | "SECMARK"
                | "SET"
                | "TCPMSS"
                | "TCPOPTSTRIP"
                | "TEE"
                | "TOS"
                | "TRACE"
                | "TTL"
        )
}

/// Targets that log.
pub(super) fn logs(target: &str) -> bool {
    matches!(target, "LOG" | "NFLOG" | "ULOG" | "AUDIT" | "LOGMARK")
}

/// Targets that hand the packet to something that decides.
pub(super) fn decides_elsewhere(target: &str) -> bool {
    matches!(
        target,
        "QUEUE"
            | "NFQUEUE"
            | "SYNPROXY"
            | "TARPIT"
            | "DELUDE"
            | "CHAOS"
            | "STEAL"
            | "ECHO"
            | "MIRROR"
            | "CLUSTERIP"
            | "RAWNAT"
            | "RAWDNAT"
            | "RAWSNAT"
            | "DNETMAP"
            | "SYSRQ"
            | "ROUTE"
            | "XOR"
            | "SNPT"
            | "DNPT"
            | "FLOWOFFLOAD"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_sorted_for_the_search() {
        for module in ["account", "limit", "recent", "u32", "webstr"] {
            assert!(is_known_module(module), "{module}");
        }
        assert!(!is_known_module("flurp"));
        assert!(!narrows_only_by_options("limit") && narrows_only_by_options("tcp"));
    }
}
