/** OpenSeadragon on the tiles, with our buttons and keys: its own are divs. Loaded when there are tiles. */

import OpenSeadragon from "openseadragon";
import type { Stage } from "../../core/registry.ts";
import type { Lens } from "../../kit/picture/lens.ts";
import { type Cut, tileUrl } from "./dzi.ts";

// Tiles that arrive after the viewer was closed are nothing to warn of.
Object.assign(OpenSeadragon, {
  console: {
    log: console.log,
    debug: console.debug,
    info: console.info,
    assert: console.assert,
    error: console.error,
    warn: (words: unknown, ...more: unknown[]) => {
      if (!/loaded before reset/.test(String(words))) console.warn(words, ...more);
    },
  },
});

export interface Deep extends Lens {
  /** Screen pixels a pixel of the picture, seen now. */
  readonly scale: number;
  destroy(): void;
}

interface Hears {
  /** There is something to see instead of what was there before. */
  drawn(): void;
  changed(scale: number, more: boolean): void;
}

export function deep(place: HTMLElement, index: string, { format, ...size }: Cut, stage: Stage, hears: Hears): Deep {
  const still = stage.reducedMotion;
  const gesture = { clickToZoom: false, dblClickToZoom: true, flickEnabled: !still };
  const osd = withoutStyle(() =>
    OpenSeadragon({
      element: place,
      drawer: "canvas", // no WebGL context is taken for what a canvas does well
      tileSources: {
        ...size,
        getTileUrl: (level: number, x: number, y: number) => tileUrl(index, format, level, x, y),
      },
      crossOriginPolicy: false,
      showNavigationControl: false,
      keyboardNavEnabled: false,
      tabIndex: -1,
      showNavigator: true,
      navigatorPosition: "BOTTOM_LEFT",
      navigatorSizeRatio: 0.16,
      navigatorAutoFade: false,
      navigatorBackground: "transparent",
      navigatorBorderColor: "transparent",
      navigatorDisplayRegionColor: "#e0483a",
      animationTime: still ? 0 : 0.5,
      blendTime: still ? 0 : 0.15,
      alwaysBlend: false,
      visibilityRatio: 1,
      constrainDuringPan: true,
      minZoomImageRatio: 1,
      maxZoomPixelRatio: 16,
      zoomPerScroll: 1.25,
      gestureSettingsMouse: { ...gesture, scrollToZoom: true },
      gestureSettingsTouch: { ...gesture, pinchToZoom: true },
      gestureSettingsPen: gesture,
    } as OpenSeadragon.Options),
  );
  const { viewport } = osd;
  const scale = (): number => viewport.viewportToImageZoom(viewport.getZoom(true));
  const more = (): boolean => viewport.getZoom() > viewport.getHomeZoom() * 1.01;
  const changed = (): void => hears.changed(scale(), more());
  osd.addHandler("open", () => {
    const navigator = osd.navigator?.element;
    navigator?.setAttribute("aria-hidden", "true"); // the same can be done by keys
    for (const one of navigator?.querySelectorAll<HTMLElement>("[tabindex]") ?? []) one.tabIndex = -1;
    const item = osd.world.getItemAt(0);
    const loaded = (): void => {
      if (item.getFullyLoaded()) hears.drawn();
    };
    item.addHandler("fully-loaded-change", loaded);
    loaded();
    changed();
  });
  for (const name of ["zoom", "pan", "animation", "resize", "rotate"] as const) osd.addHandler(name, changed);
  return {
    get scale() {
      return scale();
    },
    zoom: (factor) => void viewport.zoomBy(factor).applyConstraints(),
    fit: () => void viewport.goHome(),
    natural: () => void viewport.zoomTo(viewport.imageToViewportZoom(1)).applyConstraints(),
    turn: () => {
      viewport.rotateBy(90);
      viewport.goHome();
    },
    move: (right, down) => {
      if (!more()) return false;
      viewport.panBy(viewport.deltaPointsFromPixels(new OpenSeadragon.Point(right, down))).applyConstraints();
      return true;
    },
    destroy: () => osd.destroy(),
  };
}

/**
 * OpenSeadragon puts a `<style>` into the page's head unless it finds one with its mark; a strict policy blocks that and tells of it.
 * An element that is called style but is not HTML's passes its question and is nothing to the policy.
 */
function withoutStyle<T>(make: () => T): T {
  const decoy = document.createElementNS("urn:omnic:nothing", "style");
  decoy.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(decoy);
  try {
    return make();
  } finally {
    decoy.remove();
  }
}
