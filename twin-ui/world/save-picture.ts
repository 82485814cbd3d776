/** Saving what is on show as PNG. */

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveCsv(text: string, name: string): void {
  saveBlob(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }), name);
}

export function saveCanvas(canvas: HTMLCanvasElement, name: string): Promise<void> {
  return new Promise((resolve) =>
    canvas.toBlob((blob) => {
      if (blob) saveBlob(blob, name);
      resolve();
    }, 'image/png'),
  );
}

/** Layers from the lowest up, and an SVG above them, under a line of text. */
export async function composePicture(
  title: string,
  layers: readonly HTMLCanvasElement[],
  overlay: SVGSVGElement | null,
  colours: { background: string; text: string },
): Promise<HTMLCanvasElement> {
  const first = layers[0]!;
  const scale = overlay ? first.width / overlay.width.baseVal.value : window.devicePixelRatio;
  const top = Math.round(30 * scale);
  const canvas = document.createElement('canvas');
  canvas.width = first.width;
  canvas.height = first.height + top;
  const context = canvas.getContext('2d')!;
  context.fillStyle = colours.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.text;
  context.font = `${13 * scale}px system-ui, sans-serif`;
  context.fillText(title, 10 * scale, 20 * scale, canvas.width - 20 * scale);
  for (const layer of layers) context.drawImage(layer, 0, top);
  if (overlay) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(overlay))}`;
    await image.decode();
    context.drawImage(image, 0, top, canvas.width, first.height);
  }
  return canvas;
}
