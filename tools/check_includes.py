#!/usr/bin/env python3
"""Checks that includes run one way: a room includes only the rooms below it, and no two files include each other in a circle.

    tools/check_includes.py [--list] [ROOT]

Exit code 1 and one line per offence when the rule is broken. Files above 400 lines are named as warnings.
"""
import collections
import pathlib
import re
import sys

# Room -> rooms whose headers it may include (its own always). From the ground up; docs/architecture.md draws it.
MAY_INCLUDE = {
    'analyzer/base': [],
    'analyzer/sql': ['analyzer/base'],
    'analyzer/schema': ['analyzer/base', 'analyzer/sql'],
    'analyzer/capture': ['analyzer/base', 'analyzer/sql'],
    'analyzer/wire': ['analyzer/base', 'analyzer/sql', 'analyzer/capture'],
    'analyzer/workload': ['analyzer/base', 'analyzer/sql', 'analyzer/schema', 'analyzer/capture'],
    'analyzer/advisor': ['analyzer/base', 'analyzer/sql', 'analyzer/schema', 'analyzer/workload'],
    'analyzer/store': ['analyzer/base', 'analyzer/sql', 'analyzer/capture', 'analyzer/workload', 'analyzer/advisor'],
    'rules': ['analyzer/base', 'analyzer/sql', 'analyzer/schema', 'analyzer/workload', 'analyzer/advisor'],
    'analyzer/policy': ['analyzer/base', 'analyzer/sql', 'analyzer/schema', 'analyzer/workload', 'rules'],
    'analyzer/report': ['analyzer/base', 'analyzer/sql', 'analyzer/schema', 'analyzer/capture', 'analyzer/wire', 'analyzer/workload',
                        'analyzer/advisor', 'analyzer/store', 'analyzer/policy', 'rules'],
}
# Narrower than the room: of these, only the named headers.
ONLY = {
    ('analyzer/workload', 'analyzer/capture'): {'analyzer/capture/event.h'},
    # A packet capture is one more input: the wire implements the ingest's event reader.
    ('analyzer/wire', 'analyzer/capture'): {'analyzer/capture/event.h', 'analyzer/capture/event_reader.h',
                                            'analyzer/capture/ingest.h', 'analyzer/capture/source.h',
                                            # auto_explain's plans come as notices, too.
                                            'analyzer/capture/plan_parser.h', 'analyzer/capture/read_account.h',
                                            'analyzer/capture/sql_prepare.h'},
}
MAX_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def room_of(path):
    parts = path.split('/')
    if parts[0] == 'analyzer':
        return '/'.join(parts[:2])
    return parts[0] if parts[0] == 'rules' else 'tools'


def room_offences(path, includes):
    room = room_of(path)
    if room == 'tools':
        return
    for include in includes:
        target = room_of(include)
        if target == room:
            continue
        if target not in MAY_INCLUDE[room]:
            yield f'{path}: {room} may not include {include}'
        elif (room, target) in ONLY and include not in ONLY[room, target]:
            yield f'{path}: of {target}, {room} may include only {", ".join(sorted(ONLY[room, target]))}; not {include}'


def circles(graph):
    """Strongly connected components with more than one file, or a file that includes itself (Tarjan, iterative)."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for start in graph:
        if start in index:
            continue
        work = [(start, iter(graph[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in graph:
                    continue
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    if len(component) > 1 or node in graph[node]:
                        found.append(sorted(component))
    return found


def main():
    arguments = [a for a in sys.argv[1:] if a != '--list']
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parent.parent)
    graph, offences, warnings = {}, [], []
    for top in ('analyzer', 'rules', 'tools'):
        for file in sorted((root / top).rglob('*')):
            if file.suffix not in ('.h', '.cc'):
                continue
            path = file.relative_to(root).as_posix()
            text = file.read_text(encoding='utf-8')
            includes = [i for i in INCLUDE.findall(text) if i.split('/')[0] in ('analyzer', 'rules', 'tools')]
            graph[path] = includes
            room = room_of(path)
            if room != 'tools' and room not in MAY_INCLUDE:
                offences.append(f'{path}: {room} is not a room (see MAY_INCLUDE in tools/check_includes.py)')
                continue
            if '#include "../' in text or '#include "./' in text:
                offences.append(f'{path}: includes are written from the root of the repository')
            missing = [i for i in includes if not (root / i).is_file()]
            offences += [f'{path}: there is no {i}' for i in missing]
            offences += room_offences(path, includes)
            lines = text.count('\n')
            if lines > MAX_LINES:
                warnings.append(f'{path}: {lines} lines, more than {MAX_LINES}')
    offences += ['circle of includes: ' + ' -> '.join(c) for c in circles(graph)]
    if '--list' in sys.argv:
        edges = collections.Counter((room_of(p), room_of(i)) for p, inc in graph.items() for i in inc if room_of(p) != room_of(i))
        for (source, target), count in sorted(edges.items()):
            print(f'{source} -> {target}  {count}')
    for warning in warnings:
        print('warning: ' + warning)
    for offence in offences:
        print(offence)
    return 1 if offences else 0


if __name__ == '__main__':
    sys.exit(main())
