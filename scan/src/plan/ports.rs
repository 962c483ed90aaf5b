//! Which ports: lists as people write them, and an order of importance.

/// Why a list of ports can't be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PortsError {
    /// Neither a port nor a range.
    #[error("\"{0}\" is no port; write 22,80,443,8000-8100, or - for all")]
    Unreadable(String),
    /// A range that ends before it starts.
    #[error("\"{0}\" runs backwards")]
    Backwards(String),
    /// Nothing at all.
    #[error("name at least one port")]
    None,
}

/// Reads `22,80,443,8000-8100`; `-` is all of 1-65535, `8000-` and `-1023` are open ranges. Keeps the
/// order in which they are written.
pub fn parse(written: &str) -> Result<Vec<u16>, PortsError> {
    let mut seen = vec![false; 1 << 16];
    let mut ports = Vec::new();
    for item in written.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (first, last) = range(item)?;
        ports.extend(
            (first..=last).filter(|p| !std::mem::replace(&mut seen[usize::from(*p)], true)),
        );
    }
    if ports.is_empty() { Err(PortsError::None) } else { Ok(ports) }
}

fn range(item: &str) -> Result<(u16, u16), PortsError> {
    let port = |text: &str, open: u16| match text.trim() {
        "" => Ok(open),
        text => match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(PortsError::Unreadable(item.to_owned())),
        },
    };
    let (first, last) = match item.split_once('-') {
        Some((first, last)) => (port(first, 1)?, port(last, u16::MAX)?),
        None => (port(item, 0)?, port(item, 0)?),
    };
    if first > last { Err(PortsError::Backwards(item.to_owned())) } else { Ok((first, last)) }
}

/// The `count` most important ports, at most all 65,535: what a municipality's rules and registers speak
/// of, then all others in rising order.
pub fn top(count: u16) -> Vec<u16> {
    let mut seen = vec![false; 1 << 16];
    let all = IMPORTANT.iter().copied().chain(1..=u16::MAX);
    let new = all.filter(|p| !std::mem::replace(&mut seen[usize::from(*p)], true));
    new.take(usize::from(count)).collect()
}

/// Services as the IANA registry and vendors' manuals name them, by how much harm an open one can do and how
/// often it stands open.
const IMPORTANT: &[u16] = &[
    // Web, remote shells and desktops, file and name services.
    80, 443, 22, 3389, 445, 23, 21, 53, 25, 139, 135, 8080, 8443, 110, 143, 993, 995, 587, 465, 389,
    636, 88, 111, 5900, 5985, 5986,
    // Databases and what keeps data without asking for a password.
    1433, 3306, 5432, 1521, 27017, 6379, 9200, 11211, 50000, 1434, 5984, 9042, 7000, 7001, 2483,
    2484, 1522, 3050, 5433, 6380, 8086, 8123, 9000, 9300, 26379, 27018, 27019, 28017, 33060,
    // Administration of servers, containers and networks.
    2375, 2376, 6443, 10250, 10255, 2379, 2380, 8006, 902, 903, 5480, 9443, 10000, 8834, 9090, 9093,
    9100, 10050, 10051, 161, 162, 179, 49, 514, 601, 6514, 623, 664, 16992, 16993, 16994, 16995,
    4786, 8291, 8728, 8729, 541, 703, 4443, 10443, 8089, 9997, 5666, 12489, 1556, 13724, 9392,
    10001, 5693, // Web on other ports, proxies.
    8000, 8008, 8081, 8082, 8083, 8088, 8090, 8888, 8880, 8444, 9080, 9091, 9999, 81, 82, 83, 88,
    591, 3000, 3001, 3128, 1080, 4000, 4848, 5000, 5001, 5601, 5800, 7080, 7443, 7777, 8001, 8009,
    8010, 8060, 8085, 8087, 8118, 8181, 8200, 8280, 8383, 8500, 8800, 8889, 8983, 9001, 9002, 9043,
    9060, 9081, 9200, 9445, 9876, 9943, 9944, 15672, 18080, 18091, 28080,
    // Mail, directory, time, voice, chat.
    24, 26, 109, 119, 563, 2525, 4190, 3268, 3269, 464, 749, 5060, 5061, 1720, 2000, 5222, 5223,
    5269, 5280, 5281, 194, 6660, 6667, 6697, 1723, 500, 4500, 1701, 1194, 1812, 1813, 2083, 5349,
    3478, // Remote control and desktops.
    5901, 5902, 5903, 5938, 6000, 6001, 6002, 6568, 4899, 5631, 5632, 2222, 2200, 22222, 2323, 512,
    513, 3283, 3390, 3391, 4489, 1494, 2598, 4172, 22443, 32111, 7070,
    // Files, backup, printing, storage.
    20, 69, 873, 2049, 548, 990, 989, 115, 137, 138, 515, 631, 9101, 9102, 9103, 10080, 6101, 6106,
    8014, 13720, 13721, 3260, 860, 2121, 2221, 427, 1311, 2381, 5357, 49152, 49153, 49154, 49155,
    // Control systems and buildings: seen, never spoken to.
    102, 502, 802, 1911, 4911, 2404, 20000, 44818, 47808, 4840, 1883, 8883, 5683, 9600, 18245, 1962,
    789, 2455, 34962, 34964, 34980, 2222, 5094, 20547, 41100, 55000,
    // Cameras, doors, sets and other things.
    554, 8554, 1935, 37777, 34567, 8899, 7547, 5555, 62078, 1900, 5353, 49151, 8291, 4070, 10009,
    // Messaging, clusters, build and development.
    4369, 5671, 5672, 61613, 61616, 8161, 9092, 2181, 4222, 6066, 7077, 8020, 8032, 8042, 50070,
    50075, 9870, 1099, 1090, 1098, 4444, 4445, 8686, 9990, 9993, 3632, 5005, 8787, 9229, 50013,
    3299, 3200, 3600, 1128, 4505, 4506, 8139, 8140, 9418, 3690,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_their_order() {
        assert_eq!(parse("22, 80,443,8000-8002"), Ok(vec![22, 80, 443, 8000, 8001, 8002]));
        assert_eq!(parse("80,79-81"), Ok(vec![80, 79, 81]));
        assert_eq!(parse("-").map(|p| p.len()), Ok(65_535));
        assert_eq!(parse("65534-"), Ok(vec![65_534, 65_535]));
        assert_eq!(parse("-2"), Ok(vec![1, 2]));
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in ["0", "65536", "http", "1-2-3", "0-5", "22;80"] {
            assert!(matches!(parse(text), Err(PortsError::Unreadable(_))), "{text}");
        }
        assert_eq!(parse("9-8"), Err(PortsError::Backwards("9-8".into())));
        assert_eq!(parse(" , "), Err(PortsError::None));
    }

    #[test]
    fn the_order_of_importance_has_every_port_once() {
        let mut all = top(u16::MAX);
        assert_eq!(all[..3], [80, 443, 22]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 65_535);
    }
}
