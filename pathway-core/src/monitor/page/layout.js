// Where nodes and edges are: layers from left to right, few crossings, no overlaps.

/** Sources left, sinks right, and each operator behind all that it reads. */
function layersOf(nodes, edges) {
  const layer = nodes.map(() => 0);
  // A node reads only nodes before it.
  for (const { from, to } of [...edges].sort((a, b) => a.to - b.to)) layer[to] = Math.max(layer[to], layer[from] + 1);
  const last = Math.max(...layer, 1);
  nodes.forEach((node, number) => {
    if (node.role === "sink") layer[number] = last;
  });
  return layer;
}

/**
 * Places nodes of this size. An edge over several layers gets a narrow place in each of them, so that it runs between the
 * nodes.
 */
function layout(graph, size) {
  const layer = layersOf(graph.nodes, graph.edges);
  const items = graph.nodes.map((node, number) => ({ number, layer: layer[number], height: size.height, before: [], after: [] }));
  const routes = graph.edges.map(({ from, to }) => {
    const route = [items[from]];
    for (let at = layer[from] + 1; at < layer[to]; at += 1) {
      const bend = { number: null, layer: at, height: size.lane, before: [], after: [] };
      items.push(bend);
      route.push(bend);
    }
    route.push(items[to]);
    route.slice(1).forEach((item, index) => {
      item.before.push(route[index]);
      route[index].after.push(item);
    });
    return route;
  });
  const layers = [];
  for (const item of items) (layers[item.layer] ??= []).push(item);
  const columns = [...layers].map((column) => column ?? []);
  order(columns);
  place(columns, size);
  const width = columns.length * (size.width + size.gap) - size.gap;
  const low = Math.min(...items.map((item) => item.y));
  items.forEach((item) => {
    item.x = item.layer * (size.width + size.gap);
    item.y -= low;
  });
  const height = Math.max(...items.map((item) => item.y + item.height), size.height);
  return { width, height, nodes: items.slice(0, graph.nodes.length), routes };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Barycenters, there and back, and the order with the fewest crossings is kept. */
function order(columns) {
  const number = () => columns.forEach((column) => column.forEach((item, index) => (item.index = index)));
  number();
  let best = { crossings: crossings(columns), columns: columns.map((column) => [...column]) };
  for (let pass = 0; pass < 24 && best.crossings > 0; pass += 1) {
    const back = pass % 2 === 1;
    for (const column of back ? [...columns].reverse() : columns) {
      const neighbours = (item) => (back ? item.after : item.before);
      const weight = (item) => (neighbours(item).length ? mean(neighbours(item).map((other) => other.index)) : item.index);
      const weights = new Map(column.map((item) => [item, weight(item)]));
      column.sort((a, b) => weights.get(a) - weights.get(b) || a.index - b.index);
      column.forEach((item, index) => (item.index = index));
    }
    const found = crossings(columns);
    if (found < best.crossings) best = { crossings: found, columns: columns.map((column) => [...column]) };
  }
  best.columns.forEach((column, index) => (columns[index] = column));
  number();
}

function crossings(columns) {
  let total = 0;
  for (const column of columns) {
    const lines = column.flatMap((item) => item.after.map((next) => [item.index, next.index]));
    for (let a = 0; a < lines.length; a += 1) {
      for (let b = a + 1; b < lines.length; b += 1) {
        if ((lines[a][0] - lines[b][0]) * (lines[a][1] - lines[b][1]) < 0) total += 1;
      }
    }
  }
  return total;
}

/** Each item as near to the middle of its neighbours as its column allows. */
function place(columns, size) {
  const middle = (item) => item.y + item.height / 2;
  for (const column of columns) spread(column, column.map(() => 0), size.space);
  for (let pass = 0; pass < 24; pass += 1) {
    const back = pass % 2 === 1;
    for (const column of back ? [...columns].reverse() : columns) {
      const wanted = column.map((item) => {
        const neighbours = back ? item.after : item.before;
        const others = neighbours.length ? neighbours : [...item.before, ...item.after];
        return others.length ? mean(others.map(middle)) - item.height / 2 : item.y;
      });
      spread(column, wanted, size.space);
    }
  }
}

/** Moves the items of a column to where they are wanted, in their order, with space between them: the least squares. */
function spread(column, wanted, space) {
  const blocks = [];
  let offset = 0;
  column.forEach((item, index) => {
    item.offset = offset;
    let block = { first: index, count: 1, sum: wanted[index] - offset };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].count > block.sum / block.count) {
      const before = blocks.pop();
      block = { first: before.first, count: before.count + block.count, sum: before.sum + block.sum };
    }
    blocks.push(block);
    offset += item.height + space;
  });
  for (const block of blocks) {
    for (let index = block.first; index < block.first + block.count; index += 1) {
      column[index].y = block.sum / block.count + column[index].offset;
    }
  }
}
